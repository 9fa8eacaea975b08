import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { Engine, eventually } from "./support/engine.mjs";

const right = { protocol_version: "8", namespace: "default", envoy_key: "an-envoy", version: "1", pool_name: "default" };

function open(engine, query, protocols = ["rivet"]) {
  const url = `${engine.url.replace("http", "ws")}/envoys/connect?${new URLSearchParams(query)}`;
  return new WebSocket(url, protocols, { perMessageDeflate: false });
}

/** "code group.code"; the upgrade must have been accepted. */
async function refusal(engine, query, protocols) {
  const socket = open(engine, query, protocols);
  await once(socket, "open");
  const [code, reason] = await once(socket, "close");
  const [error, ray] = reason.toString().split("#");
  assert.equal(ray.length, 30);
  return `${code} ${error}`;
}

const without = (name) => Object.fromEntries(Object.entries(right).filter(([key]) => key !== name));

describe("the endpoint of envoys", () => {
  let engine;
  before(async () => {
    engine = await Engine.start();
    const body = { datacenters: { default: { normal: {}, drain_on_version_upgrade: true } } };
    const put = await engine.api("/runner-configs/default?namespace=default", { method: "PUT", body });
    assert.deepEqual(put.body, { endpoint_config_changed: true });
  });
  after(async () => engine.dispose());

  test("answers a plain request", async () => {
    const response = await fetch(`${engine.url}/envoys/connect`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain");
    assert.equal(await response.text(), "pegboard-envoy WebSocket endpoint");
  });

  test("tells the protocol version it speaks", async () => {
    assert.equal((await engine.api("/metadata")).body.envoy_protocol_version, 8);
  });

  for (const [what, query, expected] of [
    ["no protocol version", without("protocol_version"), "1011 ws.invalid_request"],
    ["a protocol version that is too old", { ...right, protocol_version: "1" }, "1011 ws.invalid_request"],
    ["a protocol version that is too new", { ...right, protocol_version: "9" }, "1011 ws.invalid_request"],
    ["a protocol version that is no number", { ...right, protocol_version: "x" }, "1011 core.internal_error"],
    ["a version that is no number", { ...right, version: "one" }, "1011 core.internal_error"],
    ["no namespace", without("namespace"), "1011 ws.invalid_request"],
    ["no pool", without("pool_name"), "1011 ws.invalid_request"],
    ["no key", without("envoy_key"), "1011 ws.invalid_request"],
    ["a short key", { ...right, envoy_key: "ab" }, "1011 ws.invalid_request"],
    ["a long key", { ...right, envoy_key: "a".repeat(129) }, "1011 ws.invalid_request"],
    ["a key with odd characters", { ...right, envoy_key: "a b c" }, "1011 ws.invalid_request"],
    ["a key that ends with a dash", { ...right, envoy_key: "abc-" }, "1011 ws.invalid_request"],
    ["an unknown namespace", { ...right, namespace: "nowhere" }, "1011 namespace.not_found"],
    ["an unknown pool", { ...right, pool_name: "nothing" }, "1011 ws.no_runner_config"],
  ])
    test(`closes a connection with ${what}`, async () => assert.equal(await refusal(engine, query), expected));

  test("begins with the limits and a ping", async () => {
    const socket = open(engine, { ...right, envoy_key: "first-frames" });
    const frames = [];
    socket.on("message", (data, binary) => frames.push([binary, data]));
    const [response] = await once(socket, "upgrade");
    assert.equal(response.headers["sec-websocket-protocol"], "rivet");
    await eventually(() => frames.length >= 2);
    assert.equal(frames[0][0], true);
    assert.equal(frames[0][1].toString("hex"), "00983a00000000000040771b00000000000000400100000000");
    assert.equal(frames[1][1][0], 5);
    socket.terminate();
  });

  test("gives the place of a connection to the next one of the same envoy", async () => {
    const first = open(engine, { ...right, envoy_key: "twice" });
    await once(first, "open");
    const closed = once(first, "close");
    const second = open(engine, { ...right, envoy_key: "twice" });
    const [code, reason] = await closed;
    assert.equal(code, 1000);
    assert.match(reason.toString(), /^ws\.eviction#/);
    assert.equal(second.readyState, WebSocket.OPEN);
    second.close(3000, "bye");
    assert.equal((await once(second, "close"))[0], 3000);
  });

  test("ignores text and frames that it cannot read, and takes large ones", async () => {
    const socket = open(engine, { ...right, envoy_key: "garbage" });
    await once(socket, "open");
    let pings = 0;
    socket.on("message", (data) => (pings += data[0] === 5));
    socket.send("text");
    socket.send(Buffer.from([99, 1, 2, 3]));
    socket.send(Buffer.alloc(33 << 20, 1));
    socket.send(Buffer.from([3, 3, 3]));
    await eventually(() => pings >= 2);
    assert.equal(socket.readyState, WebSocket.OPEN);
    socket.terminate();
  });

  test("tells connected envoys that the engine goes away", async () => {
    const socket = open(engine, { ...right, envoy_key: "goes-away" });
    await once(socket, "open");
    const closed = once(socket, "close");
    const stopped = engine.stop();
    const [code, reason] = await closed;
    assert.equal(code, 1011);
    assert.match(reason.toString(), /^ws\.going_away#/);
    await stopped;
  });
});

describe("the endpoint of envoys with a token", () => {
  test("asks for it in a subprotocol", async () => {
    const engine = await Engine.start({ args: ["--admin-token", "s3cret"] });
    try {
      assert.equal(await refusal(engine, right), "1011 guard.missing_header");
      assert.equal(await refusal(engine, right, ["rivet", "rivet_token.wrong"]), "1011 api.forbidden");
      assert.equal(await refusal(engine, right, ["rivet_token.s3cret", "rivet"]), "1011 ws.no_runner_config");
    } finally {
      await engine.dispose();
    }
  });
});
