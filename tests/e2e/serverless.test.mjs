import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createClient } from "rivetkit/client";
import { App } from "./support/app.mjs";
import { Engine, eventually, freePort } from "./support/engine.mjs";

describe("a serverless pool of RivetKit", () => {
  let engine, app, port, client;
  before(async () => {
    engine = await Engine.start();
    port = await freePort();
    app = await App.start("serverless", { PORT: String(port), RIVET_ENDPOINT: engine.url });
    await engine.api("/runner-configs/functions?namespace=default", {
      method: "PUT",
      body: { datacenters: { default: { serverless: { url: `http://127.0.0.1:${port}/api/rivet`, request_lifespan: 6, drain_grace_period: 2 } } } },
    });
    client = createClient({ endpoint: engine.url, poolName: "functions" });
  });
  after(async () => {
    await client?.dispose();
    await app?.kill();
    await engine?.dispose();
  });

  const find = async (key) => (await engine.api(`/actors?namespace=default&name=tally&key=${key}`)).body.actors[0];

  test("an actor is started by a request to the endpoint and answers", async () => {
    assert.equal(await client.tally.getOrCreate(["a"]).increment(5), 5);
    const [{ start }] = app.notes;
    assert.equal(start["x-rivet-pool-name"], "functions");
    assert.equal(start["x-rivet-endpoint"], `${engine.url}/`);
    assert.equal((await find("a")).runner_name_selector, "functions");
    assert.ok((await engine.api("/actors/names?namespace=default&limit=1000")).body.names.tally);
  });

  test("it sleeps and is started again with its state", async () => {
    const tally = client.tally.getOrCreate(["b"]);
    await tally.increment(1);
    await tally.sleep();
    await eventually(async () => (await find("b")).sleep_ts !== null);
    assert.deepEqual(await tally.read(), { count: 1, wakes: 2 });
  });

  test("before the request ends the actor moves to another one", async () => {
    const tally = client.tally.getOrCreate(["c"]);
    await tally.increment(3);
    const starts = app.notes.length;
    await eventually(() => app.notes.length > starts, 30_000);
    const { count } = await tally.read();
    assert.equal(count, 3);
  });

  test("an actor is deleted", async () => {
    await client.tally.getOrCreate(["d"]).increment(1);
    const { actor_id } = await find("d");
    assert.equal((await engine.api(`/actors/${actor_id}?namespace=default`, { method: "DELETE" })).status, 200);
    assert.equal(await find("d"), undefined);
  });

  test("an endpoint that is gone fails the pool, and one that is back heals it", async () => {
    await app.kill();
    await engine.api("/actors?namespace=default", {
      method: "POST",
      body: { name: "tally", key: "e", runner_name_selector: "functions", crash_policy: "sleep" },
    });
    const pool = async () => (await engine.api("/runner-configs?namespace=default&runner_name=functions")).body.runner_configs.functions.datacenters.default;
    await eventually(async () => (await pool()).runner_pool_error?.serverless_connection_error);
    app = await App.start("serverless", { PORT: String(port), RIVET_ENDPOINT: engine.url });
    assert.equal(await client.tally.getOrCreate(["e"]).increment(2), 2);
  });
});
