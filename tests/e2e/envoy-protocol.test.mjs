// The codec of envoys against the published one: same bytes for the same messages, same verdict on damaged ones.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as published from "@rivetkit/engine-envoy-protocol";

const here = dirname(fileURLToPath(import.meta.url));
const program = join(here, "../../build/release/envoy_frames");
const version = published.VERSION;
const hex = (bytes) => Buffer.from(bytes).toString("hex");

function ours(frames) {
  const input = frames.map(({ direction, bytes }) => `${direction} ${version} ${hex(bytes)}\n`).join("");
  const output = execFileSync(program, { input, maxBuffer: 1 << 30 }).toString().split("\n");
  assert.equal(output.pop(), "");
  assert.equal(output.length, frames.length);
  return output;
}

/** What the published codec makes of a frame. */
function theirs({ direction, bytes }) {
  try {
    return hex(published[`encode${direction}`](published[`decode${direction}`](bytes)));
  } catch {
    return "refused";
  }
}

// Frames of every message, and random numbers from a fixed seed to damage them with.
const vectors = JSON.parse(readFileSync(join(here, `../vectors/envoy-protocol-v${version}.json`)))
  .vectors.filter((vector) => ["ToRivet", "ToEnvoy"].includes(vector.direction))
  .map((vector) => ({ name: vector.name, direction: vector.direction, bytes: new Uint8Array(Buffer.from(vector.hex, "hex")) }));
let seed = 1;
const random = (below) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below;

test("messages come back byte for byte", () => {
  const answers = ours(vectors);
  vectors.forEach((vector, i) => {
    assert.equal(theirs(vector), hex(vector.bytes), `${vector.name} in the published codec`);
    assert.equal(answers[i], hex(vector.bytes), vector.name);
  });
});

test("values at the edges come back byte for byte", () => {
  const id = "a".repeat(200);
  const request = { gatewayId: new Uint8Array([0, 255, 1, 254]).buffer, requestId: new Uint8Array([9, 8, 7, 6]).buffer, messageIndex: 65535 };
  const octets = (size) => Uint8Array.from({ length: size }, (_, i) => i & 255).buffer;
  const kind = (tag, val) => ({ tag: "ToRivetTunnelMessage", val: { messageId: request, messageKind: { tag, val } } });
  const messages = [
    kind("ToRivetResponseStart", { status: 65535, headers: new Map(Array.from({ length: 300 }, (_, i) => [`h${i}`, "ü€𝄞".repeat(i)])), body: octets(70_000), stream: true }),
    kind("ToRivetRequestBodyWindowUpdate", { consumedBytes: (1n << 64n) - 1n }),
    kind("ToRivetWebSocketMessage", { data: octets(127), binary: true }),
    kind("ToRivetWebSocketMessage", { data: octets(128), binary: false }),
    { tag: "ToRivetPong", val: { ts: -(1n << 63n) } },
    { tag: "ToRivetAckCommands", val: { lastCommandCheckpoints: Array.from({ length: 500 }, (_, i) => ({ actorId: id, generation: 2 ** 32 - 1 - i, index: BigInt(i) - 250n })) } },
    { tag: "ToRivetKvRequest", val: { actorId: "", requestId: 2 ** 32 - 1, data: { tag: "KvPutRequest", val: { keys: [octets(0), octets(300)], values: [octets(1), octets(0)] } } } },
    { tag: "ToRivetSqliteGetPagesRequest", val: { requestId: 0, data: { actorId: id, pgnos: Uint32Array.from({ length: 1000 }, (_, i) => i * 4_000_000), expectedGeneration: null, expectedHeadTxid: 1n << 63n } } },
  ];
  const frames = messages.map((message) => ({ direction: "ToRivet", bytes: published.encodeToRivet(message) }));
  ours(frames).forEach((answer, i) => assert.equal(answer, hex(frames[i].bytes), messages[i].tag));
});

test("damaged frames are refused or read alike", () => {
  const frames = [];
  for (const { direction, bytes, name } of vectors) {
    for (let i = 0; i < 60; i++) {
      let damaged = Uint8Array.from(bytes);
      for (let flips = random(3); flips >= 0; flips--) damaged[random(damaged.length)] = random(256);
      if (random(4) === 0) damaged = damaged.slice(0, random(damaged.length + 1));
      frames.push({ direction, bytes: damaged, name });
    }
  }
  let accepted = 0;
  ours(frames).forEach((answer, i) => {
    const expected = theirs(frames[i]);
    if (expected !== "refused") accepted++;
    assert.equal(answer, expected, `${frames[i].name} damaged to ${hex(frames[i].bytes)}`);
  });
  assert.ok(accepted > frames.length / 20, `${accepted} of ${frames.length} accepted`);
});
