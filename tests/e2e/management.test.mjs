import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Engine, eventually } from "./support/engine.mjs";

describe("management API", () => {
  let engine;
  before(async () => (engine = await Engine.start()));
  after(async () => engine.dispose());

  const create = (method, body, query = "namespace=default") =>
    engine.api(`/actors?${query}`, { method, body: { name: "counter", runner_name_selector: "default", crash_policy: "sleep", ...body } });

  test("health, metadata, datacenters", async () => {
    assert.deepEqual((await engine.api("/health")).body, { runtime: "engine", status: "ok", version: "2.3.19" });
    const { body } = await engine.api("/metadata?namespace=default");
    assert.equal(body.runtime, "engine");
    assert.equal(body.envoy_protocol_version, 8);
    assert.equal((await engine.api("/datacenters")).body.datacenters[0].name, "default");
    assert.equal((await engine.api("/health/fanout")).body.datacenters[0].status, "ok");
    for (const path of ["/envoys", "/runners"]) {
      const answer = await engine.api(`${path}?namespace=default`);
      assert.deepEqual(Object.values(answer.body)[0], []);
    }
  });

  test("the inspector token of an actor is read, and no other key is there", async () => {
    const { actor_id } = (await create("PUT", { key: "token" })).body.actor;
    await eventually(async () => (await engine.actor(actor_id)).connectable_ts);
    const key = (text) => engine.api(`/actors/${actor_id}/kv/keys/${text}?namespace=default`);
    const { body } = await key("Aw==");
    assert.match(Buffer.from(body.value, "base64").toString(), /^[A-Za-z0-9_-]{43}$/);
    assert.equal(typeof body.update_ts, "number");
    assert.equal((await key("BQ==")).body.code, "kv_key_not_found");
  });

  test("actors are created, found, listed and deleted", async () => {
    const created = await create("PUT", { key: "m1" });
    assert.equal(created.status, 200);
    assert.equal(created.body.created, true);
    const id = created.body.actor.actor_id;
    assert.equal((await create("PUT", { key: "m1" })).body.created, false);
    const duplicate = await create("POST", { key: "m1" });
    assert.equal(duplicate.status, 400);
    assert.deepEqual(duplicate.body.metadata, { existing_actor_id: id, key: "m1" });
    assert.equal((await engine.api("/actors?namespace=default&name=counter&key=m1")).body.actors[0].actor_id, id);
    await eventually(async () => (await engine.actor(id)).connectable_ts);
    assert.deepEqual((await engine.api(`/actors/${id}?namespace=default`, { method: "DELETE" })).body, {});
    assert.deepEqual((await engine.api(`/actors/${id}?namespace=default`, { method: "DELETE" })).body, {});
    assert.notEqual((await engine.actor(id)).destroy_ts, null);
    assert.deepEqual((await engine.api("/actors?namespace=default&name=counter&key=m1")).body.actors, []);
    assert.equal((await engine.api("/actors?namespace=default&name=counter&key=m1&include_destroyed=true")).body.actors.length, 1);
  });

  test("a list is paged by cursor", async () => {
    for (let i = 0; i < 5; i++) {
      await create("POST", { name: "boss", key: `page-${i}` });
      await new Promise((done) => setTimeout(done, 2));
    }
    const seen = [];
    for (let cursor = ""; ; ) {
      const { body } = await engine.api(`/actors?namespace=default&name=boss&limit=2${cursor && `&cursor=${cursor}`}`);
      if (body.actors.length === 0) break;
      seen.push(...body.actors.map((actor) => actor.key));
      cursor = body.pagination.cursor;
    }
    assert.deepEqual(seen, ["page-4", "page-3", "page-2", "page-1", "page-0"]);
  });

  test("names that the daemon hosts are announced", async () => {
    const { names } = (await engine.api("/actors/names?namespace=default")).body;
    for (const name of ["account", "boss", "chat", "counter", "notes", "raw", "store"]) assert.ok(names[name], name);
  });

  test("bad requests name what is wrong", async () => {
    const cases = [
      ["GET", "/actors?name=x", 400, "api", "bad_request"],
      ["GET", "/actors?namespace=default&bogus=1", 400, "api", "bad_request"],
      ["GET", "/actors?namespace=default", 400, "validation", "invalid_input"],
      ["GET", "/actors?namespace=default&name=x&limit=abc", 400, "api", "bad_request"],
      ["GET", "/actors?namespace=nowhere&name=x", 400, "namespace", "not_found"],
      ["DELETE", "/actors/zz?namespace=default", 400, "api", "bad_request"],
      ["DELETE", "/actors/hkay2d8eub5p74v1pfgpr7isbeal00?namespace=default", 400, "actor", "not_found"],
      ["GET", "/nothing", 404, "api", "not_found"],
      ["GET", "/actors/names/x", 404, "api", "not_found"],
    ];
    for (const [method, path, status, group, code] of cases) {
      const answer = await engine.api(path, { method });
      assert.deepEqual([answer.status, answer.body.group, answer.body.code], [status, group, code], path);
    }
    assert.equal((await create("POST", { key: "" })).body.code, "empty_key");
    assert.equal((await create("POST", { key: "x".repeat(1025) })).body.code, "key_too_large");
    assert.equal((await create("POST", { name: "nobody-hosts-this", runner_name_selector: "nopool" })).body.code, "no_runner_config_configured");
    assert.equal((await create("POST", { bogus: 1 })).body.code, "bad_request");
    const patched = await fetch(`${engine.url}/actors`, { method: "PATCH" });
    assert.equal(patched.status, 405);
    assert.match(patched.headers.get("allow"), /GET/);
  });

  test("namespaces are created, listed and separate", async () => {
    const made = await engine.api("/namespaces", { method: "POST", body: { name: "team-a", display_name: "Team A" } });
    assert.equal(made.body.namespace.name, "team-a");
    assert.equal((await engine.api("/namespaces", { method: "POST", body: { name: "team-a", display_name: "Team A" } })).body.code, "name_not_unique");
    assert.equal((await engine.api("/namespaces", { method: "POST", body: { name: "Team", display_name: "T" } })).body.code, "failed_to_create");
    assert.equal((await engine.api("/namespaces?name=team-a")).body.namespaces.length, 1);
    const a = await create("PUT", { key: "same" });
    const b = await create("PUT", { key: "same" }, "namespace=team-a");
    assert.notEqual(a.body.actor.actor_id, b.body.actor.actor_id);
  });

  test("a name that nobody hosts fails to start, with the reason", async () => {
    const { body } = await create("PUT", { name: "unknown-name", key: "u" });
    const id = body.actor.actor_id;
    const response = await fetch(`${engine.url}/gateway/${id}/action/x`, { method: "POST", body: "{}" });
    assert.equal(response.status, 503);
    assert.equal((await response.json()).code, "actor_wake_retries_exceeded");
    assert.match((await engine.actor(id)).error.crashed.message, /not_registered/);
  });
});

test("an admin token guards the management API and not the gateway", async () => {
  const engine = await Engine.start({ env: { RIVET__AUTH__ADMIN_TOKEN: "secret" } });
  const path = "/actors?namespace=default&name=counter";
  assert.equal((await engine.api(path)).status, 403);
  assert.equal((await engine.api(path, { headers: { authorization: "Bearer wrong" } })).body.metadata.reason, "Invalid token");
  assert.equal((await engine.api(path, { headers: { authorization: "Bearer secret" } })).status, 200);
  const gateway = await fetch(`${engine.url}/gateway/counter/action/get?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=t`, { method: "POST", body: "{}" });
  assert.deepEqual(await gateway.json(), { output: 0 });
  await engine.dispose();
});
