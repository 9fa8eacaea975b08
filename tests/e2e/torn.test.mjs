// Clients that vanish in the middle of what they send, after each of its bytes.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { App } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";
import { torn, tornRequest } from "./support/torn.mjs";

const resident = async (engine) => Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${engine.child.pid}/status`, "utf8"))[1]) << 10;

describe("a client cut at every byte", () => {
  let engine, app, client, other;
  before(async () => {
    engine = await Engine.start();
    app = await App.connect("web", engine);
    client = connect(engine);
    // Somebody else, connected all the time.
    other = client.counter.getOrCreate(["other"]).connect();
    assert.equal(await other.increment(1), 1);
  });
  after(async () => {
    await client?.dispose();
    await app?.kill();
    await engine.dispose();
  });

  async function tearing(tear) {
    const before = await resident(engine);
    const count = await other.get();
    await Promise.all([tear(), ...Array.from({ length: 50 }, () => other.increment(1))]);
    assert.equal(await other.get(), count + 50);
    // The sockets of `other` and of the app, and what the published client keeps for its requests.
    await eventually(async () => {
      const metrics = await engine.metrics();
      const gauge = (name) => Number(new RegExp(`^${name} (\\S+)`, "m").exec(metrics)[1]);
      return gauge("rivet_guard_websocket_active") === 2 && gauge("troupe_connections") < 20;
    });
    const growth = (await resident(engine)) - before;
    assert.ok(growth < 32 << 20, `${growth} bytes more`);
  }

  test("of a message to a queue", async () => {
    const ledger = client.ledger.getOrCreate(["torn"]);
    const path = `/gateway/${await ledger.resolve()}/queue/ask`;
    const body = '{"body":{"i":1},"wait":true}';
    await tearing(() => tornRequest(engine, `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`));
    // None of them was whole.
    assert.deepEqual(await ledger.send("ask", { i: 2 }, { wait: true }), { status: "completed", response: { double: 4 } });
    assert.deepEqual(await ledger.read(), { applied: 1, order: [2] });
  });

  for (const [where, kind, path] of [["in the engine", "raw", "/request/echo"], ["in a RivetKit process", "web", "/request/digest"]]) {
    test(`of a body in pieces, for an actor ${where}`, async () => {
      const url = `/gateway/${await client[kind].getOrCreate(["torn"]).resolve()}${path}`;
      const pieces = ["one", "and another", "x".repeat(100)].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");
      await tearing(() => tornRequest(engine, `POST ${url} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`));
      const answer = await fetch(engine.url + url, { method: "POST", body: "whole" });
      assert.ok(answer.ok, `${answer.status}`);
    });
  }

  for (const [where, kind, action] of [["in the engine", "counter", "increment"], ["in a RivetKit process", "room", "say"]]) {
    test(`of a WebSocket and its frames, for an actor ${where}`, async () => {
      const handle = client[kind].getOrCreate(["torn"]);
      const path = `/gateway/${await handle.resolve()}/connect`;
      const frames = [1, 2].map((id) => JSON.stringify({ body: { tag: "ActionRequest", val: { id, name: action, args: [1] } } }));
      await tearing(() => torn(engine, { path, protocol: "rivet, rivet_encoding.json", frames, opcode: 1 }));
      assert.ok((await handle[action](1)) >= 1);
    });
  }
});
