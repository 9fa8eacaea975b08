// Bodies in pieces between the published client and an actor of a RivetKit process, both ways.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { eventually } from "./support/engine.mjs";
import { stage } from "./support/stage.mjs";

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const text = new TextDecoder();

/** A body whose pieces the test writes one by one. */
function upload() {
  let controller;
  const body = new ReadableStream({ start: (own) => (controller = own) });
  return { body, write: (piece) => controller.enqueue(Buffer.from(piece)), end: () => controller.close() };
}

describe("streaming with the published client", () => {
  const on = stage("web");
  /** A handle by key, and one by id: only with that the client sends a body as it comes. */
  async function make(name) {
    const handle = on.client.web.getOrCreate([name]);
    return { handle, byId: on.client.web.getForId(await handle.resolve()) };
  }
  const read = async (reader) => {
    const { value, done } = await reader.read();
    return done ? undefined : text.decode(value);
  };

  test("the largest body arrives whole, by key and by id", async () => {
    const { handle, byId } = await make("large upload");
    const body = randomBytes(20 << 20);
    for (const target of [handle, byId]) {
      const response = await target.fetch("digest", { method: "POST", body });
      assert.deepEqual(await response.json(), { size: body.length, digest: digest(body) });
    }
  });

  test("30 MiB of an answer arrive in pieces", async () => {
    const { handle } = await make("large answer");
    const response = await handle.fetch(`large?bytes=${30 << 20}`);
    let size = 0, pieces = 0;
    for await (const piece of response.body) {
      size += piece.length;
      pieces++;
    }
    assert.equal(size, 30 << 20);
    assert.ok(pieces > 30, `${pieces} pieces`);
  });

  test("the pieces of a body reach the actor while the client still writes", async () => {
    const { handle, byId } = await make("pieces up");
    const { body, write, end } = upload();
    const answer = byId.fetch("listen", { method: "POST", body, duplex: "half" });
    for (let i = 0; i < 5; i++) {
      write(`piece ${i}`);
      await eventually(async () => (await handle.heard()) === Array.from({ length: i + 1 }, (_, j) => `piece ${j}`).join(""));
    }
    end();
    assert.equal(await (await answer).text(), "piece 0piece 1piece 2piece 3piece 4");
  });

  test("events of a stream arrive one by one", async () => {
    const { handle } = await make("events");
    const response = await handle.fetch("pieces");
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const reader = response.body.getReader();
    for (let i = 0; i < 3; i++) {
      assert.equal(await read(reader), `piece ${i}\n`);
      // The actor writes the next one only now.
      await eventually(() => handle.step());
    }
    assert.equal(await read(reader), undefined);
  });

  test("an abort of the client reaches the signal of the request, and the body that is being written", async () => {
    const { handle } = await make("abort");
    const waiting = new AbortController();
    const refused = assert.rejects(handle.fetch("hang", { signal: waiting.signal }));
    await eventually(async () => (await handle.state()).requests === 1);
    waiting.abort();
    await refused;
    await eventually(async () => (await handle.state()).aborts === 1);

    const reading = new AbortController();
    const reader = (await handle.fetch("endless", { signal: reading.signal })).body.getReader();
    assert.equal(await read(reader), "first");
    reading.abort();
    await assert.rejects(reader.read());
    await eventually(async () => (await handle.state()).aborts === 2);
  });

  test("a client that goes away in the middle of its body breaks it for the actor", async () => {
    const { handle, byId } = await make("torn");
    const { body, write } = upload();
    write("half");
    const leaving = new AbortController();
    const refused = assert.rejects(byId.fetch("torn", { method: "POST", body, duplex: "half", signal: leaving.signal }));
    await eventually(async () => (await handle.state()).requests === 1);
    leaving.abort();
    await refused;
    await eventually(async () => (await handle.state()).aborts === 1);
  });
});
