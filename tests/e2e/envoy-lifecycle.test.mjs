import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { App, envoys } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";
import { stage } from "./support/stage.mjs";

// Losses are noticed in two seconds instead of fifteen.
const quick = { RIVET__PEGBOARD__ENVOY_LOST_THRESHOLD: "2000" };

const asleep = (engine, id) => eventually(async () => (await engine.actor(id)).connectable_ts === null);
// An engine that is killed before it has told the process so lets the actor go on.
const stopped = (app, id) => eventually(() => app.log.includes(`asleep ${id}`));

describe("a RivetKit app", () => {
  const on = stage("lifecycle", { env: quick });

  test("is listed with what it is and which actors it has", async () => {
    const [entry] = await envoys(on.engine);
    assert.equal(entry.pool_name, "default");
    assert.equal(entry.version, 1);
    assert.equal((await on.engine.api("/actors/names?namespace=default")).body.names.keeper !== undefined, true);
  });

  test("runs an actor that is created, sleeps and wakes with its state", async () => {
    const keeper = on.client.keeper.getOrCreate(["sleeper"]);
    assert.equal(await keeper.add(5), 5);
    const id = await keeper.resolve();
    const first = await keeper.look();
    assert.equal(first.pid, on.app.pid);
    await keeper.nap();
    await asleep(on.engine, id);
    const record = await on.engine.actor(id);
    assert.notEqual(record.sleep_ts, null);
    assert.equal(record.error, undefined);
    const second = await keeper.look();
    assert.equal(second.count, 5);
    assert.equal(second.wakes, first.wakes + 1);
    assert.notEqual(second.born, first.born);
  });

  test("has sleeping actors woken by their alarms", async () => {
    const keeper = on.client.keeper.getOrCreate(["alarm"]);
    await keeper.later(1_500);
    const id = await keeper.resolve();
    await keeper.nap();
    await asleep(on.engine, id);
    await eventually(async () => (await on.engine.actor(id)).connectable_ts !== null);
    assert.equal(await eventually(async () => (await keeper.look()).alarms), 1);
  });

  test("destroys actors from inside and from outside", async () => {
    const inside = on.client.keeper.getOrCreate(["inside"]);
    await inside.add();
    const first = await inside.resolve();
    await inside.end();
    await eventually(async () => {
      const { body } = await on.engine.api(`/actors?namespace=default&actor_ids=${first}&include_destroyed=true`);
      return body.actors[0]?.destroy_ts;
    });
    const outside = on.client.keeper.getOrCreate(["outside"]);
    await outside.add();
    const second = await outside.resolve();
    assert.equal((await on.engine.api(`/actors/${second}?namespace=default`, { method: "DELETE" })).status, 200);
    assert.equal(await on.client.keeper.getOrCreate(["outside"]).add(), 1);
  });

  test("moves an actor to a new generation when it is asked to", async () => {
    const keeper = on.client.keeper.getOrCreate(["moved"]);
    await keeper.add(2);
    const before = await keeper.look();
    const id = await keeper.resolve();
    const answer = await on.engine.api(`/actors/${id}/reschedule?namespace=default`, { method: "POST", body: {} });
    assert.equal(answer.status, 200);
    await eventually(async () => (await keeper.look()).born !== before.born);
    assert.equal((await keeper.look()).count, 2);
  });
});

describe("many actors", () => {
  test("500 actors are created and called side by side", async () => {
    const engine = await Engine.start();
    const app = await App.connect("lifecycle", engine);
    const client = connect(engine);
    try {
      const keys = Array.from({ length: 500 }, (_, i) => `many-${i}`);
      const counts = await Promise.all(keys.map((key) => client.keeper.getOrCreate([key]).add(1)));
      assert.deepEqual(new Set(counts), new Set([1]));
      assert.equal((await envoys(engine))[0].slots, 500);
    } finally {
      await client.dispose();
      await app.kill();
      await engine.dispose();
    }
  });
});

describe("when things end", () => {
  let engine, client;
  before(async () => {
    engine = await Engine.start({ env: quick });
    client = connect(engine);
  });
  after(async () => {
    await client?.dispose();
    await engine.dispose();
  });

  test("actors of an app that is killed run in the next one, with what they saved", async () => {
    const first = await App.connect("lifecycle", engine);
    const keeper = client.keeper.getOrCreate(["killed"]);
    await keeper.add(7);
    const id = await keeper.resolve();
    await first.kill();
    const second = await App.connect("lifecycle", engine);
    try {
      await eventually(async () => (await engine.actor(id)).connectable_ts === null);
      assert.deepEqual((await engine.actor(id)).error, { envoy_connection_lost: { envoy_key: first.key } });
      const look = await keeper.look();
      assert.equal(look.count, 7);
      assert.equal(look.pid, second.pid);
      assert.equal((await engine.actor(id)).error, undefined);
    } finally {
      await second.kill();
    }
  });

  test("an app that is asked to stop hands its actors over", async () => {
    const first = await App.connect("lifecycle", engine);
    const keeper = client.keeper.getOrCreate(["handed-over"]);
    await keeper.add(3);
    const second = await App.connect("lifecycle", engine);
    try {
      const before = await keeper.look();
      const [from, to] = before.pid === first.pid ? [first, second] : [second, first];
      await from.stop();
      const look = await keeper.look();
      assert.equal(look.count, 3);
      assert.equal(look.pid, to.child.pid);
    } finally {
      await first.kill();
      await second.kill();
    }
  });

  test("new starts go to the highest version", async () => {
    const old = await App.connect("lifecycle", engine, { RIVET_ENVOY_VERSION: "1" });
    const next = await App.connect("lifecycle", engine, { RIVET_ENVOY_VERSION: "2" });
    try {
      for (let i = 0; i < 5; ++i)
        assert.equal((await client.keeper.getOrCreate([`version-${i}`]).look()).pid, next.pid);
    } finally {
      await old.kill();
      await next.kill();
    }
  });

  test("an actor that found no app is started by the first one that connects", async () => {
    await eventually(async () => (await envoys(engine)).length === 0);
    const { body } = await engine.api("/actors?namespace=default", {
      method: "POST",
      body: { name: "keeper", key: "waits", runner_name_selector: "default", crash_policy: "sleep" },
    });
    const id = body.actor.actor_id;
    const waiting = await eventually(async () => {
      const record = await engine.actor(id);
      return record.error && record;
    });
    assert.equal(waiting.error, "no_envoys");
    assert.notEqual(waiting.reschedule_ts, null);
    const app = await App.connect("lifecycle", engine);
    try {
      await eventually(async () => (await engine.actor(id)).connectable_ts !== null, 3_000);
    } finally {
      await app.kill();
    }
  });
});

describe("a restart of the engine", () => {
  test("leaves the actors of connected apps running", async () => {
    const engine = await Engine.start();
    const app = await App.connect("lifecycle", engine);
    const client = connect(engine);
    try {
      const keeper = client.keeper.getOrCreate(["survivor"]);
      await keeper.add(4);
      const before = await keeper.look();
      await engine.kill();
      await engine.restart();
      const afterKill = await keeper.look();
      assert.deepEqual(afterKill, before);
      assert.equal((await engine.stop()).code, 0);
      await engine.restart();
      assert.deepEqual(await keeper.look(), before);
      const id = await keeper.resolve();
      await keeper.nap();
      await stopped(app, id);
      assert.equal((await keeper.look()).count, 4);
    } finally {
      await client.dispose();
      await app.kill();
      await engine.dispose();
    }
  });

  test("fires the alarms that came due meanwhile", async () => {
    const engine = await Engine.start();
    const app = await App.connect("lifecycle", engine);
    const client = connect(engine);
    try {
      const keeper = client.keeper.getOrCreate(["overdue"]);
      await keeper.later(1_000);
      const id = await keeper.resolve();
      await keeper.nap();
      await stopped(app, id);
      await engine.kill();
      await engine.restart();
      await eventually(async () => (await engine.actor(id)).connectable_ts !== null, 15_000);
      assert.equal(await eventually(async () => (await keeper.look()).alarms), 1);
    } finally {
      await client.dispose();
      await app.kill();
      await engine.dispose();
    }
  });
});
