// Connections stay open while their actor sleeps: with the published client, and byte by byte.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { connect, encodings } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";

let engine;
before(async () => (engine = await Engine.start()));
after(async () => engine.dispose());

const asleep = (id) => eventually(async () => (await engine.actor(id)).sleep_ts !== null);
async function putToSleep(id) {
  const { status } = await engine.api(`/actors/${id}/sleep?namespace=default`, { method: "POST", body: {} });
  assert.equal(status, 200);
  await asleep(id);
}
const generation = async (id) => Number((await fetch(`${engine.url}/gateway/${id}/health`)).headers.get("x-rivet-actor-generation"));

/** A `/connect` socket in JSON: {socket, frames, closed}. */
async function rawConnect(id, to = engine, params = null) {
  const socket = new WebSocket(`${to.url.replace("http", "ws")}/gateway/${id}/connect`, [
    "rivet", "rivet_encoding.json", `rivet_conn_params.${encodeURIComponent(JSON.stringify(params))}`,
  ]);
  const frames = [];
  socket.on("message", (data) => frames.push(JSON.parse(data).body));
  const closed = once(socket, "close").then(([code, reason]) => ({ code, reason: String(reason) }));
  await eventually(() => frames.length === 1);
  return { socket, frames, closed };
}
const actionRequest = (id, name, args = []) => JSON.stringify({ body: { tag: "ActionRequest", val: { id, name, args } } });

for (const encoding of encodings) {
  describe(`hibernation over ${encoding}`, () => {
    let client;
    before(() => (client = connect(engine, encoding)));
    after(() => client.dispose());

    test("a connection survives sleep: no close, and its messages wake the actor", async () => {
      const handle = client.counter.getOrCreate([encoding, "hibernates"]);
      const conn = handle.connect();
      let closes = 0;
      conn.onClose?.(() => closes++);
      const heard = [];
      conn.on("count", (n) => heard.push(n));
      assert.equal(await conn.increment(1), 1);
      const id = await handle.resolve();
      await putToSleep(id);
      assert.deepEqual(await Promise.all([conn.increment(1), conn.increment(1), conn.increment(1)]), [2, 3, 4]);
      await eventually(() => heard.length === 4);
      assert.deepEqual(heard, [1, 2, 3, 4], "the subscription came along");
      // Woken by somebody else, it hears of it too.
      await putToSleep(id);
      await handle.increment(1);
      await eventually(() => heard.length === 5);
      assert.equal(closes, 0);
      await conn.dispose();
    });

    test("connection state, parameters and id come back, and nobody joins again", async () => {
      const handle = client.chat.getOrCreate([encoding, "room"]);
      const ada = handle.connect({ name: "ada" });
      const events = [];
      for (const name of ["joined", "left"]) ada.on(name, (who) => events.push(`${name} ${who}`));
      await ada.who();
      const grace = handle.connect({ name: "grace" });
      await eventually(() => events.includes("joined grace"));
      await putToSleep(await handle.resolve());
      assert.deepEqual(await ada.who(), ["ada", "grace"]);
      await putToSleep(await handle.resolve());
      await grace.dispose();
      await eventually(() => events.includes("left grace"), 20_000);
      assert.deepEqual(await ada.who(), ["ada"]);
      assert.deepEqual(events, ["joined grace", "left grace"]);
      await ada.dispose();
    });
  });
}

describe("hibernating sockets", () => {
  let client;
  before(() => (client = connect(engine, "json")));
  after(() => client.dispose());
  const make = (...key) => client.counter.getOrCreate(key).resolve();

  test("pings are answered while the actor sleeps, which does not wake it", async () => {
    const id = await make("pings");
    const { socket } = await rawConnect(id);
    await putToSleep(id);
    for (const payload of ["a", "", "b".repeat(125)]) {
      socket.ping(payload);
      const [answer] = await once(socket, "pong");
      assert.equal(String(answer), payload);
    }
    assert.notEqual((await engine.actor(id)).sleep_ts, null);
    socket.terminate();
  });

  test("no second Init; answers come in order after the wake", async () => {
    const id = await make("order");
    const { socket, frames } = await rawConnect(id);
    const before_ = await generation(id);
    await putToSleep(id);
    for (let i = 1; i <= 20; i++) socket.send(actionRequest(i, "increment", [1]));
    await eventually(() => frames.length === 21);
    const answers = frames.slice(1).map(({ tag, val }) => [tag, Number(val.id[1]), val.output]);
    assert.deepEqual(answers, Array.from({ length: 20 }, (_, i) => ["ActionResponse", i + 1, i + 1]));
    assert.equal(await generation(id), before_ + 1);
    socket.terminate();
  });

  test("messages sent while the actor goes to sleep are all served, once and in order", async () => {
    const id = await make("racing");
    const { socket, frames } = await rawConnect(id);
    let sent = 0;
    for (let round = 0; round < 10; round++) {
      const order = engine.api(`/actors/${id}/sleep?namespace=default`, { method: "POST", body: {} });
      for (let i = 0; i < 50; i++) socket.send(actionRequest(++sent, "increment", [1]));
      await order;
      for (let i = 0; i < 50; i++) socket.send(actionRequest(++sent, "increment", [1]));
    }
    await eventually(() => frames.length >= sent + 1, 30_000);
    const outputs = frames.slice(1).map(({ val }) => val.output);
    assert.deepEqual(outputs, Array.from({ length: sent }, (_, i) => i + 1));
    socket.terminate();
  });

  test("destruction closes a hibernating socket at once", async () => {
    const id = await make("destroyed");
    const { closed } = await rawConnect(id);
    await putToSleep(id);
    assert.equal((await engine.api(`/actors/${id}?namespace=default`, { method: "DELETE" })).status, 200);
    assert.deepEqual(await closed, { code: 1000, reason: "" });
  });

  test("a client that vanishes wakes the actor for its end", async () => {
    const own = await Engine.start();
    try {
      const { headers } = await own.api("/gateway/counter/action/get?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=v", { method: "POST", body: {} });
      const id = headers.get("x-rivet-actor");
      const { socket } = await rawConnect(id, own);
      await own.api(`/actors/${id}/sleep?namespace=default`, { method: "POST", body: {} });
      // Its record says so before it has stopped.
      await eventually(async () => (await own.actor(id)).sleep_ts !== null);
      socket.terminate();
      await eventually(async () => (await own.actor(id)).sleep_ts === null);
      assert.equal(Number((await fetch(`${own.url}/gateway/${id}/health`)).headers.get("x-rivet-actor-generation")), 2);
    } finally {
      await own.dispose();
    }
  });

  test("clients that leave while the actor goes to sleep are told as gone, each once", async () => {
    const handle = client.chat.getOrCreate(["leaving"]);
    const id = await handle.resolve();
    const ada = handle.connect({ name: "ada" });
    const left = [];
    ada.on("left", (who) => left.push(who));
    await ada.who();
    for (let round = 0; round < 20; round++) {
      const grace = await rawConnect(id, engine, { name: `grace ${round}` });
      const order = engine.api(`/actors/${id}/sleep?namespace=default`, { method: "POST", body: {} });
      if (round % 2 === 1) await order;
      grace.socket.terminate();
      await order;
      await eventually(() => left.includes(`grace ${round}`));
    }
    assert.deepEqual(await ada.who(), ["ada"]);
    assert.deepEqual(left, Array.from({ length: 20 }, (_, round) => `grace ${round}`));
    await ada.dispose();
  });

  test("a raw socket of an actor that does not ask for it closes with the sleep", async () => {
    const { body } = await engine.api("/actors?namespace=default", {
      method: "PUT", body: { name: "raw", key: "plain", runner_name_selector: "default", crash_policy: "sleep" },
    });
    const id = body.actor.actor_id;
    const socket = new WebSocket(`${engine.url.replace("http", "ws")}/gateway/${id}/websocket`, ["rivet"]);
    const closed = once(socket, "close");
    await once(socket, "message");
    await putToSleep(id);
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [1000, "actor.stopped"]);
  });
});

describe("restarts of the engine", () => {
  for (const how of ["stop", "kill"]) {
    test(`connections of before are told as ended, once (${how})`, async () => {
      const own = await Engine.start();
      try {
        const client = connect(own, "json");
        const handle = client.chat.getOrCreate(["restart"]);
        const ada = handle.connect({ name: "ada" });
        assert.deepEqual(await ada.who(), ["ada"]);
        // Makes it durable.
        const id = await handle.resolve();
        assert.equal((await own.api(`/actors/${id}/sleep?namespace=default`, { method: "POST", body: {} })).status, 200);
        await eventually(async () => (await own.actor(id)).sleep_ts !== null);
        await own[how]();
        // The published client does not come back from this while it reconnects.
        void client.dispose();
        await own.restart();
        const again = connect(own, "json");
        assert.deepEqual(await again.chat.getOrCreate(["restart"]).who(), []);
        await again.dispose();
      } finally {
        await own.dispose();
      }
    });
  }
});
