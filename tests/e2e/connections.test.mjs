import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { connect, encodings, failure, nextEvent } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";

let engine;
before(async () => (engine = await Engine.start()));
after(async () => engine.dispose());

for (const encoding of encodings) {
  describe(`connections over ${encoding}`, () => {
    let client;
    before(() => (client = connect(engine, encoding)));
    after(() => client.dispose());

    test("actions on a connection answer", async () => {
      const conn = client.counter.getOrCreate([encoding, "conn"]).connect();
      assert.equal(await conn.increment(4), 4);
      assert.deepEqual(await Promise.all([conn.get(), conn.get(), conn.get()]), [4, 4, 4]);
      await conn.dispose();
    });

    test("subscribers hear events, others do not", async () => {
      const handle = client.counter.getOrCreate([encoding, "events"]);
      const listener = handle.connect();
      const silent = handle.connect();
      const heard = [];
      let wrong = 0;
      listener.on("count", (n) => heard.push(n));
      silent.on("other", () => wrong++);
      await listener.get();
      await silent.get();
      for (let i = 1; i <= 5; i++) await handle.increment(1);
      await eventually(() => heard.length === 5);
      assert.deepEqual(heard, [1, 2, 3, 4, 5]);
      assert.equal(wrong, 0);
      await listener.dispose();
      await silent.dispose();
    });

    test("an unsubscribed listener hears nothing more", async () => {
      const conn = client.counter.getOrCreate([encoding, "unsubscribe"]).connect();
      const heard = [];
      const stop = conn.on("count", (n) => heard.push(n));
      await conn.increment(1);
      stop();
      await conn.increment(1);
      await conn.increment(1);
      assert.deepEqual(heard, [1]);
      await conn.dispose();
    });

    test("an event arrives before the answer of the action that caused it", async () => {
      const conn = client.account.getOrCreate([encoding, "order"]).connect({ user: "grace" });
      const order = [];
      conn.on("moved", (moved) => order.push(moved));
      await conn.read();
      order.push(await conn.deposit(9));
      assert.deepEqual(order, [{ balance: 9, by: "grace" }, 9]);
      await conn.dispose();
    });

    test("connection state belongs to the connection", async () => {
      const handle = client.account.getOrCreate([encoding, "conn-state"]);
      const [a, b, c] = [handle.connect({ user: "a" }), handle.connect({ user: "b" }), handle.connect()];
      assert.deepEqual(await Promise.all([a.whoami(), b.whoami(), c.whoami()]), [{ user: "a" }, { user: "b" }, { user: "anon" }]);
      await Promise.all([a.dispose(), b.dispose(), c.dispose()]);
    });

    test("a refused connection tells why", async () => {
      const conn = client.account.getOrCreate([encoding, "refused"]).connect({ user: "banned" });
      const error = await new Promise((done) => conn.onError(done));
      assert.equal(error.group, "user");
      assert.equal(error.code, "banned");
      await conn.dispose();
    });

    test("errors of actions keep the connection open", async () => {
      const conn = client.account.getOrCreate([encoding, "errors"]).connect();
      const error = await failure(conn.deposit(0));
      assert.equal(error.code, "bad_amount");
      assert.deepEqual(error.metadata, { n: 0 });
      const internal = await failure(conn.boom());
      assert.equal(internal.message, "An internal error occurred");
      const unknown = await failure(conn.nope());
      assert.equal(unknown.code, "action_not_found");
      assert.equal(await conn.deposit(1), 1);
      await conn.dispose();
    });

    test("a hundred actions in flight are all answered", async () => {
      const conn = client.counter.getOrCreate([encoding, "flight"]).connect();
      const answers = await Promise.all(Array.from({ length: 100 }, () => conn.increment(1)));
      assert.deepEqual(answers.sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i + 1));
      await conn.dispose();
    });

    test("a destroyed actor closes its connections", async () => {
      const handle = client.boss.getOrCreate([encoding, "closing"]);
      const conn = handle.connect();
      await conn.ping();
      const closed = new Promise((done) => conn.onClose(done));
      const id = await handle.resolve();
      await fetch(`${engine.url}/actors/${id}?namespace=default`, { method: "DELETE" });
      await closed;
      // It finds the next actor of that key by itself.
      await eventually(() => conn.isConnected);
      assert.notEqual(await client.boss.getOrCreate([encoding, "closing"]).resolve(), id);
      await conn.dispose();
    });

    test("a client that vanishes leaves the actor unharmed", async () => {
      const handle = client.counter.getOrCreate([encoding, "vanish"]);
      const id = await handle.resolve();
      await handle.increment(1);
      const sockets = Array.from({ length: 20 }, () =>
        new WebSocket(`${engine.url.replace("http", "ws")}/gateway/${id}/connect`, ["rivet", `rivet_encoding.${encoding}`, "rivet_token.x"]));
      await Promise.all(sockets.map((socket) => new Promise((done) => socket.once("message", done))));
      for (const socket of sockets) socket.terminate();
      assert.equal(await handle.increment(1), 2);
    });
  });
}

test("connections end with the daemon, and new ones find the state", async () => {
  const own = await Engine.start();
  const [before, after] = [connect(own), connect(own)];
  const old = before.counter.getOrCreate(["restart"]).connect();
  await old.increment(1);
  const closed = new Promise((done) => old.onClose(done));
  await own.kill();
  await closed;
  // Not awaited: the published client waits for a socket that it gives up while connecting.
  void before.dispose();
  await own.restart();
  const conn = after.counter.getOrCreate(["restart"]).connect();
  const event = nextEvent(conn, "count");
  assert.equal(await conn.increment(1), 2);
  assert.deepEqual(await event, [2]);
  await after.dispose();
  await own.dispose();
});
