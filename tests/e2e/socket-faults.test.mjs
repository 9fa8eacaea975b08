// Each single socket call of the daemon fails once, or moves one byte only, under clients of every kind.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { App } from "./support/app.mjs";
import { eventually } from "./support/engine.mjs";
import { PlainSocket, byKey, request } from "./support/plain.mjs";
import { failing, faults, oneByte, SocketFaults } from "./support/socket-faults.mjs";
import * as scenarios from "./support/socket-scenarios.mjs";

/** Whoever waits longer for an engine waits for ever. */
const patience = 20_000;
/** Before the engine tries to accept again. */
const backOff = 100;

/** The kinds of calls that were disturbed, for each fault. */
const disturbed = new Map(faults.map((fault) => [fault, new Set()]));

async function within(promise) {
  let timer;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new assert.AssertionError({ message: "hangs" })), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One run with `count` disturbed calls from the `number`-th on, and its consequences. Returns how many there were. */
async function disturb(world, scenario, fault, { kind, number = 1, count = 1 }) {
  try {
    world.arm(fault, number, count, kind);
    const failure = await within(scenario.run()).then(() => null, (error) => error);
    // The calls that end its connections count as well.
    await world.settled(patience);
    world.disarm();
    if (failure && (fault.harmless || world.hits === 0 || failure instanceof assert.AssertionError)) throw failure;
    assert.equal((await request(world.engine, "/health", { method: "GET" })).status, 200);
    await within(scenario.check());
    if (scenario.left) await eventually(() => scenario.left(), patience, 2);
  } catch (cause) {
    const what = world.hits > 0 ? `error ${world.error}` : "not reached";
    throw new Error(`call ${number} of ${kind ?? "all"} ${fault.name}, ${what}`, { cause });
  }
  if (world.hits > 0) disturbed.get(fault).add(world.kind);
  return world.hits;
}

/** One call of each kind after the other, until a run has no such call; `each` is called after each. */
async function disturbEach(world, scenario, fault, each = async () => {}) {
  for (const kind of fault.kinds)
    for (let number = 1; (await disturb(world, scenario, fault, { kind, number })) > 0; number++) await each();
}

/** Everything byte by byte. */
async function crumble(world, scenario) {
  assert.ok((await disturb(world, scenario, oneByte, { count: Number.MAX_SAFE_INTEGER })) > 100);
}

describe("a socket call that goes wrong", { concurrency: true }, () => {
  const all = {
    "calls on one connection": (engine) => new scenarios.Calls(engine),
    "clients that come together": (engine) => new scenarios.Crowd(engine),
    "scrapes that come together": (engine) => new scenarios.Scrapes(engine),
    "a body in pieces": (engine) => new scenarios.Upload(engine),
    "an answer in pieces": (engine) => new scenarios.Download(engine),
    "a connection to an actor": (engine) => new scenarios.Connection(engine),
    "a connection to an actor that goes to sleep": (engine) => new scenarios.Connection(engine, "counter", true),
    "a socket of the actor's own": (engine) => new scenarios.RawSocket(engine),
    "messages of a queue": (engine) => new scenarios.Queue(engine),
    "the management API": (engine) => new scenarios.Management(engine),
    "a request of the engine": (engine) => new scenarios.Outbound(engine),
    "the published client": (engine) => new scenarios.Published(engine),
  };
  for (const [name, make] of Object.entries(all)) {
    test(`under ${name}`, async () => {
      const world = await SocketFaults.start();
      const scenario = make(world.engine);
      try {
        await scenario.prepare?.();
        world.spare(scenario instanceof scenarios.Scrapes ? world.engine.port : world.engine.metricsPort);
        for (const fault of faults) await disturbEach(world, scenario, fault);
        await crumble(world, scenario);
        await eventually(async () => /^troupe_connections 0$/m.test(await world.engine.metrics()));
      } finally {
        await scenario.end?.();
        await world.engine.dispose();
      }
    });
  }

  test("between the engine and a RivetKit process", async () => {
    // What a new process has asked over HTTP leaves no connection for long.
    const world = await SocketFaults.start({ env: { RIVET__TROUPE__ENVOY_SILENCE_TIMEOUT_MS: "1000", RIVET__TROUPE__IDLE_TIMEOUT_MS: "500" } });
    let app = await App.connect("mixed", world.engine);
    // Its connection.
    world.idle += 1;
    const calls = new scenarios.Hosted(world.engine);
    const connection = new scenarios.Connection(world.engine, "tally", true);
    try {
      await calls.run();
      await connection.prepare();
      for (const fault of faults.filter(({ harmless }) => harmless)) await disturbEach(world, calls, fault);
      await disturbEach(world, connection, oneByte);
      for (const scenario of [calls, connection]) await crumble(world, scenario);
      const few = new scenarios.Hosted(world.engine, ["tally"]);
      await few.run();
      await world.settled();
      let before = await world.sockets();
      let cuts = 0;
      await disturbEach(world, few, failing, async () => {
        await world.settled();
        const now = await world.sockets();
        if (now.join() === before.join()) return;
        // It came back, and would wait twice as long the next time: that is for another process, and its own actors.
        cuts += 1;
        await app.kill();
        app = await App.connect("mixed", world.engine);
        few.begin(`${cuts}`);
        await few.run();
        await world.settled();
        before = await world.sockets();
      });
      assert.ok(cuts > 0);
    } finally {
      await app.kill();
      await world.engine.dispose();
    }
  });
});

test("each kind of call was disturbed", () => {
  for (const [fault, kinds] of disturbed) assert.deepEqual([...kinds].sort(), [...fault.kinds].sort(), fault.name);
});

test("while nobody can be accepted the engine tries now and then, and serves who is connected", async () => {
  const world = await SocketFaults.start();
  try {
    const socket = await PlainSocket.open(world.engine, `/gateway/raw/websocket/x?${byKey("it")}`, ["rivet"]);
    assert.equal(await socket.next(), "hello");
    const begun = performance.now();
    world.arm(failing, 1, Number.MAX_SAFE_INTEGER, "accept");
    const waiting = Array.from({ length: 5 }, () => request(world.engine, "/health", { method: "GET" }));
    for (let i = 0; world.hits < 3; i++) {
      socket.send(`${i}`);
      assert.equal(await socket.next(), `${i}`);
    }
    const tries = world.hits;
    assert.ok(tries <= (performance.now() - begun) / backOff + 1, `${tries} tries`);
    world.disarm();
    for (const { status } of await Promise.all(waiting)) assert.equal(status, 200);
    await socket.close();
    await world.settled();
  } finally {
    await world.engine.dispose();
  }
});
