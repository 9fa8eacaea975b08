import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, encodings } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";

describe("what was acknowledged survives kill -9", () => {
  let engine;
  before(async () => (engine = await Engine.start()));
  after(async () => engine.dispose());

  for (const encoding of encodings) {
    test(`state, key-value entries, rows and keys (${encoding})`, async () => {
      let client = connect(engine, encoding);
      const ids = {};
      for (const name of ["counter", "account", "store", "notes"]) ids[name] = await client[name].getOrCreate([encoding]).resolve();
      await client.counter.getOrCreate([encoding]).increment(41);
      await client.account.getOrCreate([encoding]).deposit(7);
      await client.store.getOrCreate([encoding]).put("key", "value");
      await client.notes.getOrCreate([encoding]).add("body", 2);
      await client.notes.getOrCreate([encoding]).bulk(100);
      await client.counter.getOrCreate([encoding]).increment(1);
      await engine.kill();
      await engine.restart();
      await client.dispose();
      client = connect(engine, encoding);
      assert.equal(await client.counter.get([encoding]).get(), 42);
      assert.equal((await client.account.get([encoding]).read()).balance, 7);
      assert.equal(await client.store.get([encoding]).get("key"), "value");
      assert.equal((await client.notes.get([encoding]).all()).length, 101);
      assert.equal(await client.notes.get([encoding]).integrity(), "ok");
      for (const [name, id] of Object.entries(ids)) assert.equal(await client[name].getOrCreate([encoding]).resolve(), id);
      await client.dispose();
    });
  }

  test("under load, at random moments", async () => {
    const acknowledged = new Map();
    const attempted = new Map();
    for (let round = 0; round < 8; round++) {
      const client = connect(engine);
      let running = true;
      const workers = Array.from({ length: 8 }, async (_, w) => {
        const key = `worker-${w}`;
        while (running) {
          attempted.set(key, (attempted.get(key) ?? 0) + 1);
          const signal = AbortSignal.timeout(3000);
          try {
            const count = await client.counter.getOrCreate([key], { signal }).increment(1);
            acknowledged.set(key, count);
          } catch {
            // The daemon is gone: whether this one counted is unknown.
          }
        }
      });
      await new Promise((done) => setTimeout(done, 100 + Math.random() * 300));
      running = false;
      await engine.kill();
      await engine.restart();
      await Promise.all(workers);
      for (const [key, count] of acknowledged) {
        const now = await client.counter.get([key]).get();
        assert.ok(now >= count, `${key}: ${now} < ${count}, which was acknowledged`);
        acknowledged.set(key, now);
      }
      await client.dispose();
    }
    assert.equal(acknowledged.size, 8);
  });

  test("a destroyed actor stays destroyed", async () => {
    const client = connect(engine);
    const id = await client.store.getOrCreate(["gone"]).resolve();
    await client.store.getOrCreate(["gone"]).put("a", "b");
    assert.equal((await engine.api(`/actors/${id}?namespace=default`, { method: "DELETE" })).status, 200);
    await engine.kill();
    await engine.restart();
    assert.notEqual((await engine.actor(id)).destroy_ts, null);
    assert.equal(await client.store.getOrCreate(["gone"]).get("a"), null);
    await client.dispose();
  });
});

test("every durability setting starts, serves and restarts", async () => {
  for (const durability of ["sync", "interval", "os"]) {
    const engine = await Engine.start({ env: { RIVET__TROUPE__DURABILITY: durability } });
    const client = connect(engine);
    await client.store.getOrCreate(["d"]).put("k", durability);
    await engine.kill();
    await engine.restart();
    assert.equal(await client.store.getOrCreate(["d"]).get("k"), durability);
    await client.dispose();
    await engine.dispose();
  }
});
