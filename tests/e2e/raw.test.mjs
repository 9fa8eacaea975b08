import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { connect, encodings } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";

let engine;
before(async () => (engine = await Engine.start()));
after(async () => engine.dispose());

for (const encoding of encodings) {
  describe(`raw traffic with a ${encoding} client`, () => {
    let client;
    before(() => (client = connect(engine, encoding)));
    after(() => client.dispose());

    test("requests reach the handler with method, path, query, headers and body", async () => {
      const raw = client.raw.getOrCreate([encoding, "http"]);
      const response = await raw.fetch("a/b%20c?x=1&y=%2F+z", { method: "POST", body: "héllo", headers: { "X-Probe": "yes" } });
      assert.equal(response.status, 207);
      assert.equal(response.headers.get("x-hits"), "1");
      assert.deepEqual(await response.json(), { method: "POST", path: "/a/b%20c", q: "?x=1&y=%2F+z", body: "héllo", h: "yes" });
      for (const method of ["GET", "PUT", "PATCH", "DELETE"]) assert.equal((await (await raw.fetch("m", { method })).json()).method, method);
      assert.equal(await raw.hits(), 5);
    });

    test("a streamed answer arrives piece by piece", async () => {
      const response = await client.raw.getOrCreate([encoding, "stream"]).fetch("some/stream");
      assert.equal(response.headers.get("x-kind"), "stream");
      let pieces = 0;
      let text = "";
      for await (const piece of response.body) {
        pieces++;
        text += Buffer.from(piece).toString();
      }
      assert.equal(text, "part0\npart1\npart2\npart3\npart4\n");
      assert.ok(pieces > 1, `${pieces} pieces`);
    });

    test("a raw socket echoes text and binary and closes as the actor says", async () => {
      const socket = await client.raw.getOrCreate([encoding, "ws"]).webSocket("chat?room=1");
      socket.binaryType = "arraybuffer";
      const received = [];
      const closed = new Promise((done) => socket.addEventListener("close", done));
      socket.addEventListener("message", (event) => received.push(event.data));
      await eventually(() => received.length === 1);
      assert.equal(received[0], "hello");
      socket.send("text ä");
      socket.send(new Uint8Array([1, 2, 255]));
      await eventually(() => received.length === 3);
      assert.equal(received[1], "text ä");
      assert.deepEqual(new Uint8Array(received[2]), new Uint8Array([1, 2, 255]));
      socket.send("bye");
      const event = await closed;
      assert.equal(event.code, 4001);
      assert.equal(event.reason, "asked");
    });
  });
}

test("a large body goes through both ways", async () => {
  const client = connect(engine);
  const body = "ab".repeat(5 << 20);
  const response = await client.raw.getOrCreate(["large"]).fetch("large", { method: "POST", body });
  assert.equal((await response.json()).body.length, body.length);
  await client.dispose();
});

test("a body above the limit is refused", async () => {
  const response = await fetch(`${engine.url}/gateway/raw/request/x?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=limit`, {
    method: "POST", body: new Uint8Array((20 << 20) + 1),
  });
  assert.equal(response.status, 413);
  assert.equal((await response.json()).code, "invalid_request_body");
});

test("megabytes of socket messages keep their order", async () => {
  const url = `${engine.url.replace("http", "ws")}/gateway/raw/websocket/x?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=order`;
  const socket = new WebSocket(url, ["rivet"]);
  await new Promise((done) => socket.once("open", done));
  const sizes = [];
  socket.on("message", (data, binary) => binary && sizes.push([data.length, data[0]]));
  for (let i = 0; i < 50; i++) socket.send(Buffer.alloc(100_000 + i, i));
  await eventually(() => sizes.length === 50);
  assert.deepEqual(sizes, Array.from({ length: 50 }, (_, i) => [100_000 + i, i]));
  socket.close(1000);
});

test("an actor without a handler answers 404 without a body", async () => {
  const client = connect(engine);
  const response = await client.counter.getOrCreate(["no-handler"]).fetch("x");
  assert.equal(response.status, 404);
  assert.equal(await response.text(), "");
  await client.dispose();
});

test("a client that leaves ends the waits of its request, but not of its action", async () => {
  const client = connect(engine);
  const raw = client.raw.getOrCreate(["leaving"]);
  const url = (path) => `${engine.url}/gateway/raw/${path}?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=leaving`;

  const waiting = http.get(url("request/wait")).on("error", () => {});
  await eventually(async () => (await raw.hits()) === 1);
  waiting.destroy();
  await eventually(async () => (await raw.left()) === 1);

  const acting = http.request(url("action/ponder"), { method: "POST", headers: { "x-rivet-encoding": "json" } }).on("error", () => {});
  acting.end(JSON.stringify({ args: [500] }));
  await new Promise((sent) => acting.once("finish", sent));
  acting.destroy();
  await eventually(async () => (await raw.pondered()) === 1);
  await client.dispose();
});
