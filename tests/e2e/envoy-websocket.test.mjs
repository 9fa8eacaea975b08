import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import WebSocket from "ws";
import { App } from "./support/app.mjs";
import { connect, encodings, nextEvent } from "./support/client.mjs";
import { eventually } from "./support/engine.mjs";
import { stage } from "./support/stage.mjs";

describe("WebSockets to actors of a RivetKit process", () => {
  const on = stage("web");

  /** An open raw socket, and what it receives. */
  async function open(kind, name, path = "chat?room=1") {
    const handle = on.client[kind].getOrCreate([name]);
    const id = await handle.resolve();
    const socket = new WebSocket(`${on.engine.url.replace("http", "ws")}/gateway/${id}/websocket/${path}`, ["rivet"]);
    const received = [];
    socket.on("message", (data, binary) => received.push(binary ? data : data.toString()));
    const closed = once(socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
    await once(socket, "open");
    await eventually(() => received.length === 1);
    assert.equal(received.shift(), "welcome");
    return { handle, id, socket, received, closed };
  }
  /** Moments of an actor's way to sleep, in ms after it has asked for it: running, stopping, gone. */
  const moments = [0, 5, 20, 60];
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  async function echo({ socket, received }, sent, expected) {
    socket.send(sent);
    await eventually(() => received.length > 0);
    assert.deepEqual(received.shift(), expected);
  }

  test("text and octets come back in order", async () => {
    const open1 = await open("socket", "echo");
    await echo(open1, "text ä", "1:text ä");
    await echo(open1, Buffer.from([1, 2, 255]), Buffer.from([1, 2, 255]));
    for (let i = 0; i < 200; i++) open1.socket.send(`${i}`);
    await eventually(() => open1.received.length === 200);
    assert.deepEqual(open1.received, Array.from({ length: 200 }, (_, i) => `1:${i}`));
    open1.socket.close();
    await open1.closed;
  });

  test("large messages pass, and one beyond the limit closes the socket", async () => {
    const one = await open("socket", "large");
    await echo(one, Buffer.alloc(5 << 20, 7), Buffer.alloc(5 << 20, 7));
    await echo(one, "large", "l".repeat(3_000_000));
    one.socket.send("too large");
    assert.deepEqual(await one.closed, { code: 1009, reason: "actor WebSocket message exceeds the maximum size" });
    assert.equal((await one.handle.state()).opened, 1);
  });

  test("either side closes with its code and reason", async () => {
    const by = await open("socket", "closes");
    by.socket.send("bye");
    assert.deepEqual(await by.closed, { code: 4001, reason: "actor bye" });
    const own = await open("socket", "closes");
    own.socket.close(3001, "client bye");
    assert.deepEqual(await own.closed, { code: 3001, reason: "client bye" });
    await eventually(async () => (await own.handle.state()).closed.some(([code, reason]) => code === 3001 && reason === "client bye"));
    const cut = await open("socket", "closes");
    cut.socket.terminate();
    await eventually(async () => (await own.handle.state()).closed.length === 3);
  });

  test("a socket that cannot sleep ends with its actor", async () => {
    const one = await open("socket", "ends");
    await one.handle.sleep();
    assert.deepEqual(await one.closed, { code: 1000, reason: "actor.stopped" });
  });

  test("a socket that can sleep goes on in the next generation", async () => {
    const one = await open("sleeper", "sleeps");
    await echo(one, "one", "1:one");
    // RivetKit runs the handler of a restored socket anew, so it greets once more.
    const answers = () => one.received.filter((text) => text !== "welcome");
    let sleeps = 0;
    for (const moment of moments) {
      await one.handle.sleep();
      sleeps += 1;
      await pause(moment);
      assert.equal(one.socket.readyState, WebSocket.OPEN);
      // Whichever generation has it answers it, once.
      one.socket.send(`${moment}`);
      await eventually(() => answers().length === sleeps);
      assert.match(answers().at(-1), new RegExp(`^(${sleeps}|${sleeps + 1}):${moment}$`));
      await eventually(async () => (await one.handle.state()).wakes === sleeps + 1);
    }
    assert.equal(answers().length, sleeps);
    one.socket.close(3000, "done");
    assert.deepEqual(await one.closed, { code: 3000, reason: "done" });
    await eventually(async () => (await one.handle.state()).closed.length === 1);
  });

  test("a socket that closes while the actor goes to sleep, or after, is closed for the actor as well", async () => {
    for (const moment of moments) {
      const one = await open("sleeper", `closes after ${moment} ms`);
      await echo(one, "one", "1:one");
      await one.handle.sleep();
      await pause(moment);
      one.socket.close(3000, "done");
      assert.deepEqual(await one.closed, { code: 3000, reason: "done" });
      const ends = async () => (await one.handle.state()).closed.filter(([code]) => code === 3000).length;
      await eventually(async () => (await ends()) > 0);
      assert.equal(await ends(), 1);
    }
  });

  test("sockets end when their actor is destroyed", async () => {
    const one = await open("sleeper", "destroyed");
    await one.handle.leave();
    const { code } = await one.closed;
    assert.ok(code === 1000 || code === 1011);
  });

  for (const encoding of encodings) {
    test(`connections of a ${encoding} client keep their events over sleep`, async () => {
      const other = connect(on.engine, encoding);
      const handle = other.room.getOrCreate([`room-${encoding}`]);
      const conn = handle.connect();
      const first = nextEvent(conn, "said");
      assert.equal(await conn.say("one"), 1);
      assert.deepEqual(await first, ["one", 1]);
      const second = nextEvent(conn, "said");
      await handle.sleep();
      assert.equal(await handle.say("two"), 2);
      assert.deepEqual(await second, ["two", 2]);
      await eventually(async () => (await conn.wakes()) === 2);
      assert.equal(await conn.connections(), 1);
      await conn.dispose();
      // The request that asks is one.
      await eventually(async () => (await handle.connections()) === 1);
      await other.dispose();
    });
  }

  test("connections outlive the death of the process", async () => {
    const handle = on.client.room.getOrCreate(["outlives"]);
    const conn = handle.connect();
    assert.equal(await conn.say("one"), 1);
    // What the process has not saved yet dies with it.
    await conn.save();
    await on.app.kill();
    on.app = await App.connect("web", on.engine);
    const heard = [];
    conn.on("said", (what) => heard.push(what));
    await eventually(async () => {
      await handle.say("two");
      return heard.length > 0;
    }, 40_000);
    await conn.dispose();
  });
});
