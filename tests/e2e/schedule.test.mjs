import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, encodings } from "./support/client.mjs";
import { Engine } from "./support/engine.mjs";

/** What `check` returns once it no longer throws. */
async function eventually(check, limit = 10_000) {
  const deadline = Date.now() + limit;
  for (;;) {
    try {
      return await check();
    } catch (failure) {
      if (Date.now() > deadline) throw failure;
    }
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** Of the management API: does not wake the actor. */
async function record(engine, id) {
  const response = await fetch(`${engine.url}/actors?namespace=default&actor_ids=${id}`);
  return (await response.json()).actors[0];
}
const asleep = (engine, id) => eventually(async () => assert.notEqual((await record(engine, id)).sleep_ts, null));

describe("schedules", () => {
  let engine;
  before(async () => (engine = await Engine.start()));
  after(async () => engine.dispose());

  for (const encoding of encodings) {
    test(`a scheduled action runs once, at its time, with its arguments (${encoding})`, async () => {
      const client = connect(engine, encoding);
      const timer = client.timer.getOrCreate([`once-${encoding}`]);
      const tags = ["text", 7, { nested: [true, null] }];
      const before = Date.now();
      for (const tag of tags) await timer.later(100, tag);
      const state = await eventually(async () => {
        const read = await timer.read();
        assert.equal(read.fired.length, tags.length);
        return read;
      });
      assert.deepEqual(state.fired.map(([tag]) => tag), tags);
      for (const [, at] of state.fired) assert.ok(at >= before + 100, "early");
      assert.equal(state.wakes, 1);
      await client.dispose();
    });
  }

  test("the alarm wakes a sleeping actor, once", async () => {
    const client = connect(engine);
    const timer = client.timer.getOrCreate(["sleeper"]);
    const id = await timer.resolve();
    const due = Date.now() + 2500;
    await timer.later(2500, "wake up");
    await asleep(engine, id);
    assert.ok(Date.now() < due, "it has to fall asleep before the alarm");
    // Nobody asks it for anything until it has fallen asleep a second time.
    await eventually(async () => assert.ok((await record(engine, id)).sleep_ts > due), 10_000);
    const { fired, wakes } = await timer.read();
    assert.equal(fired.length, 1);
    assert.ok(fired[0][1] >= due);
    assert.equal(wakes, 3);
    await client.dispose();
  });

  test("survives a restart and kill -9, asleep and awake", async () => {
    let client = connect(engine);
    const ends = { stop: () => engine.stop(), kill: () => engine.kill() };
    for (const [how, end] of Object.entries(ends)) {
      for (const where of ["awake", "asleep"]) {
        const key = [`${how}-${where}`];
        const id = await client.timer.getOrCreate(key).resolve();
        await client.timer.getOrCreate(key).later(1500, key[0]);
        if (where === "asleep") await asleep(engine, id);
        await end();
        await client.dispose();
        await engine.restart();
        client = connect(engine);
        // The first time that it sleeps after it has fired it was woken by its alarm alone.
        await eventually(async () => {
          const { fired } = await client.timer.getOrCreate(key).read();
          assert.deepEqual(fired.map(([tag]) => tag), key);
        }, 10_000);
      }
    }
    await client.dispose();
  });

  test("kill -9 at random moments loses no acknowledged alarm, fires none twice and none early", async () => {
    const promised = new Map();
    let next = 0;
    for (let round = 0; round < 6; round++) {
      const client = connect(engine);
      let running = true;
      const workers = Array.from({ length: 6 }, async (_, w) => {
        while (running) {
          const tag = next++;
          const key = `crash-${w}`;
          const delay = Math.floor(Math.random() * 600);
          const begun = Date.now();
          try {
            await client.timer.getOrCreate([key], { signal: AbortSignal.timeout(3000) }).later(delay, tag);
            promised.set(tag, { key, notBefore: begun + delay });
          } catch {
            // The daemon is gone: whether this one counts is unknown.
          }
        }
      });
      await new Promise((done) => setTimeout(done, 150 + Math.random() * 400));
      running = false;
      await engine.kill();
      await engine.restart();
      await Promise.all(workers);
      await client.dispose();
    }
    assert.ok(promised.size > 50, `only ${promised.size} alarms were acknowledged`);
    const client = connect(engine);
    const fired = await eventually(async () => {
      const all = new Map();
      for (let w = 0; w < 6; w++) {
        for (const [tag, at] of (await client.timer.getOrCreate([`crash-${w}`]).read()).fired) {
          all.set(tag, [...(all.get(tag) ?? []), at]);
        }
      }
      for (const tag of promised.keys()) assert.ok(all.has(tag), `alarm ${tag} is lost`);
      return all;
    }, 15_000);
    for (const [tag, times] of fired) {
      assert.equal(times.length, 1, `alarm ${tag} fired ${times.length} times`);
      if (promised.has(tag)) assert.ok(times[0] >= promised.get(tag).notBefore, `alarm ${tag} was early`);
    }
    await client.dispose();
  });

  test("a destroyed actor takes its schedules with it", async () => {
    const client = connect(engine);
    const id = await client.timer.getOrCreate(["gone"]).resolve();
    await client.timer.getOrCreate(["gone"]).later(500, "x");
    const response = await fetch(`${engine.url}/actors/${id}?namespace=default`, { method: "DELETE" });
    assert.equal(response.status, 200);
    await new Promise((done) => setTimeout(done, 800));
    assert.deepEqual(await client.timer.getOrCreate(["gone"]).read(), { fired: [], wakes: 1 });
    await client.dispose();
  });
});
