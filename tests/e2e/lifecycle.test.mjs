import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { connect, encodings } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";

const asleep = (engine, id) => eventually(async () => (await engine.actor(id)).sleep_ts !== null);

describe("sleep and wake", () => {
  let engine;
  before(async () => (engine = await Engine.start()));
  after(async () => engine.dispose());

  for (const encoding of encodings) {
    test(`an idle actor sleeps and wakes with its state (${encoding})`, async () => {
      const client = connect(engine, encoding);
      const account = client.account.getOrCreate([encoding, "sleeper"]);
      await account.deposit(5);
      const id = await account.resolve();
      const running = await engine.actor(id);
      assert.notEqual(running.connectable_ts, null);
      assert.equal(running.sleep_ts, null);
      await asleep(engine, id);
      assert.equal((await engine.actor(id)).connectable_ts, null);
      assert.equal((await account.read()).balance, 5);
      const store = client.store.getOrCreate([encoding]);
      await store.put("k", "v");
      const notes = client.notes.getOrCreate([encoding]);
      await notes.add("n", 1);
      await asleep(engine, await store.resolve());
      await asleep(engine, await notes.resolve());
      assert.equal(await store.get("k"), "v");
      assert.equal((await notes.all()).length, 1);
      assert.equal(await notes.integrity(), "ok");
      await client.dispose();
    });
  }

  test("the management API puts an actor to sleep, and each wake is a new generation", async () => {
    const client = connect(engine);
    const counter = client.counter.getOrCreate(["generations"]);
    await counter.increment(1);
    const id = await counter.resolve();
    for (let generation = 1; generation <= 3; generation++) {
      const response = await fetch(`${engine.url}/gateway/${id}/action/get`, { method: "POST", body: '{"args":[]}' });
      assert.equal(response.headers.get("x-rivet-actor-generation"), String(generation));
      assert.deepEqual(await response.json(), { output: 1 });
      assert.equal((await engine.api(`/actors/${id}/sleep?namespace=default`, { method: "POST", body: {} })).status, 200);
      await asleep(engine, id);
    }
    await client.dispose();
  });

  test("an open connection keeps the actor awake", async () => {
    const client = connect(engine);
    const handle = client.account.getOrCreate(["awake"]);
    const conn = handle.connect();
    await conn.deposit(1);
    const id = await handle.resolve();
    await new Promise((done) => setTimeout(done, 2500));
    assert.equal((await engine.actor(id)).sleep_ts, null);
    await conn.dispose();
    await asleep(engine, id);
    await client.dispose();
  });

  test("requests that race with a stop are answered by one generation or the next", async () => {
    const client = connect(engine);
    const counter = client.counter.getOrCreate(["race"]);
    const id = await counter.resolve();
    let sent = 0;
    const order = engine.api.bind(engine, `/actors/${id}/sleep?namespace=default`, { method: "POST", body: {} });
    for (let round = 0; round < 20; round++) {
      const calls = Array.from({ length: 10 }, () => counter.increment(1));
      sent += 10;
      await Promise.all([...calls, order()]);
    }
    assert.equal(await counter.get(), sent);
    await client.dispose();
  });
});

describe("shutdown", () => {
  test("SIGTERM ends the daemon with code 0 and closes sockets properly", async () => {
    const engine = await Engine.start();
    const client = connect(engine);
    await client.counter.getOrCreate(["x"]).increment(1);
    const id = await client.counter.getOrCreate(["x"]).resolve();
    const socket = new WebSocket(`${engine.url.replace("http", "ws")}/gateway/${id}/connect`, ["rivet", "rivet_encoding.json", "rivet_token.x"]);
    await once(socket, "message");
    const closed = once(socket, "close");
    const begin = Date.now();
    const { code } = await engine.stop();
    assert.equal(code, 0, engine.log);
    assert.ok(Date.now() - begin < 5000);
    const [closeCode] = await closed;
    assert.notEqual(closeCode, 1006);
    await engine.restart();
    assert.equal(await client.counter.getOrCreate(["x"]).get(), 1);
    await client.dispose();
    await engine.dispose();
  });

  test("a second daemon on the same data directory or port says what is wrong", async () => {
    const engine = await Engine.start();
    await assert.rejects(Engine.start({ data: engine.data }), (error) => /lock/i.test(error.message));
    const late = new Engine();
    Object.assign(late, { data: `${engine.data}/second`, port: engine.port, args: [], env: {} });
    await mkdir(late.data);
    late.spawn();
    assert.notEqual((await late.exited).code, 0);
    assert.match(late.log, /port|address/i);
    assert.equal((await engine.api("/health")).status, 200);
    await engine.dispose();
  });
});
