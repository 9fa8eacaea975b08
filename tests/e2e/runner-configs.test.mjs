import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Engine, eventually } from "./support/engine.mjs";

describe("runner configs", () => {
  let engine, endpoint, base;
  const asked = [];
  // What the endpoint does about starts: it refuses them, or keeps them waiting.
  let refuses = true;
  before(async () => {
    endpoint = createServer((request, response) => {
      asked.push({ method: request.method, url: request.url, headers: request.headers });
      if (request.url === "/app/metadata")
        return response.end(
          JSON.stringify({ runtime: "rivetkit", version: "2.3.19", envoyProtocolVersion: 8, actorNames: { remote: { metadata: { icon: "cloud" } } } }),
        );
      if (!refuses) return;
      response.statusCode = 500;
      response.end("not today");
    }).listen(0, "127.0.0.1");
    await once(endpoint, "listening");
    base = `http://127.0.0.1:${endpoint.address().port}`;
    engine = await Engine.start();
  });
  after(async () => {
    await engine.dispose();
    endpoint.closeAllConnections();
    endpoint.close();
  });

  const put = (name, config) => engine.api(`/runner-configs/${name}?namespace=default`, { method: "PUT", body: { datacenters: { default: config } } });
  const config = async (name) =>
    (await engine.api(`/runner-configs?namespace=default&runner_name=${name}`)).body.runner_configs[name]?.datacenters.default;

  test("the config that every RivetKit process stores at start survives a restart", async () => {
    assert.deepEqual((await put("app", { normal: {}, drain_on_version_upgrade: true })).body, { endpoint_config_changed: true });
    const expected = {
      normal: { drain_on_version_upgrade: true, actor_eviction_delay: 0, actor_eviction_period: 0, actor_eviction_rate: 1 },
      protocol_version: null,
    };
    assert.deepEqual(await config("app"), expected);
    await engine.kill();
    await engine.restart();
    assert.deepEqual(await config("app"), expected);
    assert.deepEqual((await engine.api("/runner-configs/app?namespace=default", { method: "DELETE" })).body, {});
    assert.equal(await config("app"), undefined);
  });

  test("a serverless endpoint is asked for its metadata before the answer", async () => {
    const { body } = await put("fn", { serverless: { url: `${base}/app`, request_lifespan: 60, drain_grace_period: 5, headers: { "x-secret": "s" } } });
    assert.deepEqual(body, { endpoint_config_changed: true });
    const { headers } = asked.find(({ url }) => url === "/app/metadata");
    assert.equal(headers["user-agent"], "RivetEngine/2.3.19");
    assert.equal(headers["x-secret"], "s");
    assert.equal((await config("fn")).protocol_version, 8);
    assert.deepEqual((await engine.api("/actors/names?namespace=default&limit=1000")).body.names.remote, { metadata: { icon: "cloud" } });
    assert.deepEqual((await engine.api("/runner-configs/fn/refresh-metadata?namespace=default", { method: "POST", body: {} })).body, {});
  });

  test("a health check says what is wrong", async () => {
    const check = async (url) => (await engine.api("/runner-configs/serverless-health-check?namespace=default", { method: "POST", body: { url } })).body;
    assert.deepEqual(await check(`${base}/app`), { success: { version: "2.3.19" } });
    assert.equal((await check(`${base}/other`)).failure.error.metadata.status_code, 500);
    assert.equal((await check(engine.url)).failure.error.metadata.kind, "invalid_response_schema");
    assert.equal((await check("nonsense")).failure.error.metadata.kind, "invalid_request");
    assert.equal((await check("http://127.0.0.1:1")).failure.error.metadata.kind, "request_failed");
  });

  test("a pool that nobody has stored has no actors", async () => {
    const refused = await engine.api("/actors?namespace=default", {
      method: "POST",
      body: { name: "x", runner_name_selector: "nowhere", crash_policy: "sleep" },
    });
    assert.equal(refused.body.code, "no_runner_config_configured");
    assert.deepEqual(refused.body.metadata, { namespace: "default", pool_name: "nowhere" });
  });

  test("an endpoint that refuses starts is shown as the error of its pool", async () => {
    await engine.api("/actors?namespace=default", { method: "POST", body: { name: "remote", key: "k", runner_name_selector: "fn", crash_policy: "sleep" } });
    const { runner_pool_error } = await eventually(async () => {
      const now = await config("fn");
      return now.runner_pool_error && now;
    });
    assert.deepEqual(runner_pool_error, { serverless_http_error: { status_code: 500, body: "not today" } });
    const { headers } = asked.find(({ url }) => url === "/app/start");
    assert.equal(headers["x-rivet-endpoint"], `${engine.url}/`);
    assert.equal(headers["x-rivet-pool-name"], "fn");
    assert.equal(headers["x-rivet-namespace-name"], "default");
  });

  test("a pool fails after a restart of the engine as it did before", async () => {
    const { runner_pool_error: before } = await config("fn");
    assert.notEqual(before, undefined);
    refuses = false;
    assert.equal((await engine.stop()).code, 0);
    await engine.restart();
    assert.deepEqual((await config("fn")).runner_pool_error, before);
  });
});
