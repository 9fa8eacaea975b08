import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { describe, test } from "node:test";
import { App } from "./support/app.mjs";
import { connect, encodings, failure } from "./support/client.mjs";
import { eventually } from "./support/engine.mjs";
import { stage } from "./support/stage.mjs";

describe("HTTP to actors of a RivetKit process", () => {
  const on = stage("web");

  /** A new actor: its handle, and the URL of its own HTTP. */
  async function make(name) {
    const handle = on.client.web.getOrCreate([name]);
    const id = await handle.resolve();
    return { handle, id, url: `${on.engine.url}/gateway/${id}/request` };
  }
  /** The start of an answer, read with plain HTTP; what follows is left to the caller. */
  async function request(url, options = {}, body) {
    const outgoing = http.request(url, options);
    outgoing.end(body);
    const [response] = await once(outgoing, "response");
    return { outgoing, response, pieces: response[Symbol.asyncIterator]() };
  }
  const next = async (pieces) => (await pieces.next()).value?.toString();
  const stepOn = (handle) => eventually(() => handle.step());

  for (const encoding of encodings) {
    test(`actions answer a ${encoding} client`, async () => {
      const other = connect(on.engine, encoding);
      const handle = other.web.getOrCreate([`actions-${encoding}`]);
      assert.equal(await handle.add(2, 3), 5);
      assert.equal((await handle.blob(200_000)).length, 200_000);
      assert.equal((await failure(handle.missing())).code, "action_not_found");
      await other.dispose();
    });
  }

  test("requests arrive with method, path, query and body, and answers with status and headers", async () => {
    const { url, id } = await make("plain");
    for (const method of ["GET", "PUT", "POST", "PATCH", "DELETE"]) {
      const body = method === "GET" ? undefined : "héllo";
      const response = await fetch(`${url}/a/b%20c?x=1&y=%2F+z`, { method, body });
      assert.equal(response.status, 207);
      assert.equal(response.headers.get("x-rivet-actor"), id);
      assert.deepEqual(await response.json(), { method, path: "/a/b%20c?x=1&y=%2F+z", body: body ?? "" });
    }
    const head = await fetch(`${url}/x`, { method: "HEAD" });
    assert.equal(head.status, 207);
    assert.equal(await head.text(), "");
  });

  test("headers of one hop stay on that hop", async () => {
    const { url } = await make("headers");
    const { response } = await request(`${url}/headers`, {
      method: "POST",
      headers: { connection: "keep-alive, x-hop", "transfer-encoding": "chunked", "x-own": "kept" },
    }, "body");
    let text = "";
    for await (const piece of response) text += piece;
    const seen = JSON.parse(text);
    assert.equal(seen["x-own"], "kept");
    assert.ok(seen["x-rivet-ray-id"]);
    assert.equal(seen["transfer-encoding"], undefined);
    assert.equal(seen.connection, undefined);
    assert.equal(response.headers["x-one"], "1");
    assert.notEqual(response.headers.connection, "close");
  });

  test("a streamed answer arrives as it is written", async () => {
    const { handle, url } = await make("pieces");
    const { response, pieces } = await request(`${url}/pieces`);
    assert.equal(response.statusCode, 201);
    assert.equal(response.headers["x-kind"], "pieces");
    for (let i = 0; i < 3; i++) {
      assert.equal(await next(pieces), `piece ${i}\n`);
      await stepOn(handle);
    }
    assert.equal(await next(pieces), undefined);
    assert.ok(response.complete);
  });

  test("bodies pass unchanged whatever their size and framing", async () => {
    const { url } = await make("bodies");
    for (const size of [0, 1, 65_536, 65_537, 1_048_577, 5_000_000]) {
      const body = randomBytes(size);
      const expected = { size, digest: createHash("sha256").update(body).digest("hex") };
      assert.deepEqual(await (await fetch(`${url}/digest`, { method: "POST", body })).json(), expected);
      const { response } = await request(`${url}/digest`, { method: "POST", headers: { "transfer-encoding": "chunked" } }, body);
      let text = "";
      for await (const piece of response) text += piece;
      assert.deepEqual(JSON.parse(text), expected);
    }
    for (const size of [0, 1, 3_000_000, 30 << 20]) {
      const answer = await (await fetch(`${url}/large?bytes=${size}`)).arrayBuffer();
      assert.equal(answer.byteLength, size);
    }
  });

  test("a body beyond 20 MiB is refused", async () => {
    const { url } = await make("limit");
    const limit = 20 << 20;
    assert.deepEqual(await (await fetch(`${url}/size`, { method: "POST", body: Buffer.alloc(limit) })).json(), { size: limit });
    const refused = await fetch(`${url}/size`, { method: "POST", body: Buffer.alloc(limit + 1) });
    assert.equal(refused.status, 413);
    assert.equal(refused.headers.get("x-rivet-error"), "guard.invalid_request_body");
  });

  test("a client that goes away is told to the handler", async () => {
    const { handle, url } = await make("gone");
    const hanging = http.get(`${url}/hang`).on("error", () => {});
    await eventually(async () => (await handle.state()).requests === 1);
    hanging.destroy();
    await eventually(async () => (await handle.state()).aborts === 1);

    const { response, pieces } = await request(`${url}/endless`);
    assert.equal(await next(pieces), "first");
    response.destroy();
    await eventually(async () => (await handle.state()).aborts === 2);
  });

  test("a body that breaks is cut short for the client", async () => {
    const { handle, url } = await make("broken");
    const { response, pieces } = await request(`${url}/broken`);
    assert.equal(await next(pieces), "half");
    await stepOn(handle);
    await assert.rejects(next(pieces));
    assert.ok(!response.complete);
  });

  test("an answer of the actor is never taken for a failure of the way to it", async () => {
    const { handle, url } = await make("unavailable");
    const response = await fetch(`${url}/unavailable`);
    assert.equal(response.status, 503);
    assert.equal(await response.text(), "busy");
    assert.equal((await handle.state()).requests, 1);
  });

  test("a slow reader slows the actor down and loses nothing", async () => {
    const { url } = await make("slow");
    const { response } = await request(`${url}/large?bytes=${20 << 20}`);
    response.pause();
    assert.equal((await fetch(`${url}/quick`)).status, 207);
    let size = 0;
    for await (const piece of response) size += piece.length;
    assert.equal(size, 20 << 20);
  });

  test("a sleeping actor wakes for a request", async () => {
    const { handle, id, url } = await make("sleep");
    await fetch(`${url}/x`);
    await handle.sleep();
    await eventually(async () => (await on.engine.actor(id)).sleep_ts !== null);
    assert.equal((await fetch(`${url}/x`)).status, 207);
    const { requests, wakes } = await handle.state();
    assert.deepEqual({ requests, wakes }, { requests: 2, wakes: 2 });
  });

  test("many requests at once all come back", async () => {
    const urls = await Promise.all(Array.from({ length: 8 }, async (_, i) => (await make(`many-${i}`)).url));
    const answers = await Promise.all(
      Array.from({ length: 400 }, async (_, i) => {
        const response = await fetch(`${urls[i % 8]}/${i}`, { method: "POST", body: `body ${i}` });
        return (await response.json()).body;
      }),
    );
    answers.forEach((answer, i) => assert.equal(answer, `body ${i}`));
  });
});

describe("a RivetKit process that dies", () => {
  const on = stage("web");

  test("fails the request it may have run, and its actors come back elsewhere", async () => {
    const handle = on.client.web.getOrCreate(["dies"]);
    const id = await handle.resolve();
    await handle.state();
    const failed = fetch(`${on.engine.url}/gateway/${id}/request/die`);
    await on.app.exited;
    on.app = await App.connect("web", on.engine);
    const response = await failed;
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("x-rivet-error"), "guard.actor_stopped_while_waiting");
    const again = await fetch(`${on.engine.url}/gateway/${id}/request/x`);
    assert.equal(again.status, 207);
    assert.equal(again.headers.get("x-rivet-actor-generation"), "2");
  });
});
