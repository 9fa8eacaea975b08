import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as tcpConnect } from "node:net";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { Engine } from "./support/engine.mjs";

let engine;
let id;
before(async () => {
  engine = await Engine.start();
  const body = { name: "counter", key: "gateway", runner_name_selector: "default", crash_policy: "sleep" };
  id = (await engine.api("/actors?namespace=default", { method: "PUT", body })).body.actor.actor_id;
});
after(async () => engine.dispose());

const query = (name, parameters) =>
  `/gateway/${name}?${new URLSearchParams({ "rvt-namespace": "default", "rvt-method": "getOrCreate", "rvt-runner": "default", ...parameters })}`;

/** Everything the server sends until it closes or is quiet for 500 ms. */
async function talk(...pieces) {
  const socket = tcpConnect(engine.port, "127.0.0.1");
  let received = "";
  socket.on("data", (data) => (received += data.toString("latin1")));
  socket.on("error", () => {});
  await once(socket, "connect");
  for (const piece of pieces) socket.write(piece);
  await new Promise((done) => {
    let timer = setTimeout(done, 500);
    socket.on("data", () => {
      clearTimeout(timer);
      timer = setTimeout(done, 500);
    });
    socket.on("close", done);
  });
  socket.destroy();
  return received;
}

async function rejected(path, protocols = ["rivet", "rivet_token.x"]) {
  const socket = new WebSocket(engine.url.replace("http", "ws") + path, protocols);
  const [code, reason] = await once(socket, "close");
  assert.equal(socket.protocol, "rivet");
  return `${code} ${String(reason).split("#")[0]}`;
}

describe("HTTP", () => {
  test("an action by id carries the headers of the actor, the ray and CORS", async () => {
    const response = await fetch(`${engine.url}/gateway/${id}/action/increment`, {
      method: "POST", body: '{"args":[2]}', headers: { origin: "http://app.test", "x-rivet-ray-id": "my-ray_1" },
    });
    assert.deepEqual(await response.json(), { output: 2 });
    assert.equal(response.headers.get("x-rivet-actor"), id);
    assert.equal(response.headers.get("x-rivet-actor-generation"), "1");
    assert.equal(response.headers.get("x-rivet-actor-key"), "gateway");
    assert.equal(response.headers.get("x-rivet-ray-id"), "my-ray_1");
    assert.equal(response.headers.get("access-control-allow-origin"), "http://app.test");
    assert.equal(response.headers.get("access-control-allow-credentials"), "true");
    assert.equal(response.headers.get("x-rivet-error"), null);
  });

  test("header targets reach raw requests", async () => {
    const made = await engine.api("/actors?namespace=default", {
      method: "PUT", body: { name: "raw", key: "target", runner_name_selector: "default", crash_policy: "sleep" },
    });
    const headers = { "x-rivet-target": "actor", "x-rivet-actor": made.body.actor.actor_id, "x-rivet-token": "t" };
    const response = await fetch(`${engine.url}/request/abc?d=1`, { headers });
    assert.equal((await response.json()).path, "/abc");
    assert.equal((await fetch(`${engine.url}/other`, { headers })).status, 404);
    assert.equal((await (await fetch(`${engine.url}/request`, { headers: { "x-rivet-target": "actor" } })).json()).code, "missing_header");
  });

  test("a preflight is answered without waking anything", async () => {
    const response = await fetch(`${engine.url}/gateway/${"0".repeat(30)}/x`, {
      method: "OPTIONS", headers: { origin: "http://app.test", "access-control-request-headers": "x-a" },
    });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("access-control-allow-headers"), "x-a");
    assert.equal(response.headers.get("access-control-max-age"), "86400");
  });

  test("errors of the gateway name what is wrong", async () => {
    const cases = [
      ["/gateway/hkay2d8eub5p74v1pfgpr7isbeal00/action/get", 404, "actor.not_found"],
      ["/gateway", 404, "api.not_found"],
      ["/gateway//x", 404, "api.not_found"],
      ["/gateway/counter?rvt-method=get", 400, "guard.query_invalid_params"],
      ["/gateway/counter?rvt-namespace=default&rvt-method=get&rvt-method=get", 400, "guard.query_duplicate_param"],
      ["/gateway/counter?rvt-namespace=default&rvt-method=get&rvt-key=none", 404, "actor.not_found"],
      ["/gateway/counter?rvt-namespace=default&rvt-method=get&rvt-input=uQ", 400, "guard.query_get_disallowed_params"],
      ["/gateway/counter?rvt-namespace=default&rvt-method=getOrCreate", 400, "guard.query_missing_pool"],
      ["/gateway/counter?rvt-namespace=nowhere&rvt-method=get", 400, "namespace.not_found"],
      ["/gateway/nobody?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=nopool", 400, "actor.no_runner_config_configured"],
      [query("counter", { "rvt-input": "@@" }), 400, "guard.query_invalid_base64_input"],
      [query("counter", { "rvt-bogus": "1" }), 400, "guard.query_invalid_params"],
    ];
    for (const [path, status, code] of cases) {
      const response = await fetch(engine.url + path, { method: "POST", body: "{}" });
      const body = await response.json();
      assert.deepEqual([response.status, `${body.group}.${body.code}`], [status, code], path);
      if (!code.startsWith("api.")) assert.equal(response.headers.get("x-rivet-error"), code);
    }
  });

  test("the routes of the runtime answer", async () => {
    const get = async (path, init) => {
      const response = await fetch(`${engine.url}/gateway/${id}${path}`, init);
      return [response.status, await response.text()];
    };
    assert.deepEqual(await get("/health"), [200, "ok"]);
    assert.deepEqual(JSON.parse((await get("/metadata"))[1]), { runtime: "rivetkit", version: "2.3.19", type: "local" });
    assert.match((await get("/"))[1], /^This is an RivetKit actor\./);
    assert.equal((await get("/nope"))[0], 404);
    assert.equal((await get("/action/get"))[0], 405);
    assert.equal((await get("/action/get", { method: "POST", body: "{" }))[0], 400);
    assert.equal((await get("/action/get", { method: "POST", body: "" }))[0], 400);
  });

  test("broken and oversized requests get an answer, and harm nobody", async () => {
    assert.match(await talk("NONSENSE\r\n\r\n"), /^HTTP\/1\.1 400/);
    assert.match(await talk(`GET /${"a".repeat(70_000)} HTTP/1.1\r\nhost: x\r\n\r\n`), /^HTTP\/1\.1 414/);
    const fields = Array.from({ length: 120 }, (_, i) => `x-${i}: 1\r\n`).join("");
    assert.match(await talk(`GET /health HTTP/1.1\r\nhost: x\r\n${fields}\r\n`), /^HTTP\/1\.1 431/);
    assert.match(await talk(`GET /health HTTP/1.1\r\nhost: x\r\nx-big: ${"a".repeat(450_000)}\r\n\r\n`), /^HTTP\/1\.1 431/);
    assert.match(await talk("POST /actors HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n"), /^HTTP\/1\.1 413/);
    const pipelined = await talk("GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert.equal(pipelined.match(/HTTP\/1\.1 200/g).length, 2);
    assert.equal((await engine.api("/health")).status, 200);
  });

  test("a request torn at any byte leaves the daemon serving", async () => {
    const request = `POST /gateway/${id}/action/get HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n{"args":[]}`;
    for (let size = 1; size < request.length; size += 3) {
      const socket = tcpConnect(engine.port, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(request.slice(0, size));
      socket.resetAndDestroy();
    }
    assert.match(await talk(request), /\{"output":2\}/);
  });
});

describe("WebSocket", () => {
  test("a refused socket is accepted and closed with the reason", async () => {
    assert.equal(await rejected("/gateway/hkay2d8eub5p74v1pfgpr7isbeal00/connect"), "1011 actor.not_found");
    assert.equal(await rejected("/actors"), "1011 guard.websocket_not_supported");
    assert.equal(await rejected("/x", ["rivet", "rivet_target.actor"]), "1011 guard.missing_header");
    assert.equal(await rejected("/x", ["rivet", "rivet_target.bogus"]), "1011 guard.no_route");
    assert.equal(await rejected(`/gateway/${id}/connect`, ["rivet", "rivet_encoding.bogus", "rivet_token.x"]), "1003 actor.unsupported_websocket_encoding");
    assert.equal(await rejected(query("account", { "rvt-key": "ws" }).replace("?", "/connect?"), ["rivet", "rivet_encoding.json", `rivet_conn_params.${encodeURIComponent('{"user":"banned"}')}`]), "1011 user.banned");
  });

  test("frames that are no messages close the connection with a reason", async () => {
    for (const [encoding, frame] of [["json", "{"], ["json", '{"body":{"tag":"Nope","val":{}}}'], ["bare", "text"], ["bare", Buffer.from([4, 0, 9])], ["cbor", Buffer.from([0xff])]]) {
      const socket = new WebSocket(`${engine.url.replace("http", "ws")}/gateway/${id}/connect`, ["rivet", `rivet_encoding.${encoding}`, "rivet_token.x"]);
      await once(socket, "message");
      socket.send(frame);
      const [code, reason] = await once(socket, "close");
      assert.equal(`${code} ${reason}`, "1011 actor.invalid_request");
    }
    const socket = new WebSocket(`${engine.url.replace("http", "ws")}/gateway/${id}/connect`, ["rivet", "rivet_encoding.json", "rivet_token.x"]);
    await once(socket, "message");
    socket.send("x".repeat(65_537));
    assert.equal(String((await once(socket, "close"))[1]), "message.incoming_too_long");
  });

  test("pings are answered", async () => {
    const socket = new WebSocket(`${engine.url.replace("http", "ws")}/gateway/${id}/connect`, ["rivet", "rivet_encoding.json", "rivet_token.x"]);
    await once(socket, "message");
    socket.ping("abc");
    const [payload] = await once(socket, "pong");
    assert.equal(String(payload), "abc");
    socket.close(1000);
    assert.equal((await once(socket, "close"))[0], 1000);
  });
});
