// The inspector of actors of the daemon's own process, over HTTP, with the token that the management API gives.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Engine } from "./support/engine.mjs";

let engine;
before(async () => (engine = await Engine.start()));
after(() => engine.dispose());

async function actorOf(name, key, action = "read", args = []) {
  const query = `rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=${key}`;
  const path = `/gateway/${name}/action/${action}?${query}`;
  const { headers } = await engine.api(path, { method: "POST", body: { args } });
  return headers.get("x-rivet-actor");
}

async function tokenOf(id) {
  const { status, body } = await engine.api(`/actors/${id}/kv/keys/Aw==?namespace=default`);
  assert.equal(status, 200);
  return Buffer.from(body.value, "base64").toString();
}

function inspect(id, token, path, init = {}) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return engine.api(`/gateway/${id}/inspector/${path}`, { ...init, headers });
}

test("the token of an actor opens its inspector, and no other does", async () => {
  const id = await actorOf("counter", "i1", "increment", [4]);
  const other = await actorOf("counter", "i2", "increment", [1]);
  const token = await tokenOf(id);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual((await inspect(id, token, "state")).body, { state: { count: 4 }, isStateEnabled: true });
  for (const wrong of [undefined, "wrong", await tokenOf(other)]) {
    const refused = await inspect(id, wrong, "state");
    assert.equal(refused.status, 401);
    assert.equal(refused.body.code, "unauthorized");
  }
});

test("a state that was patched survives kill -9", async () => {
  const id = await actorOf("counter", "i3", "increment", [4]);
  const token = await tokenOf(id);
  const patched = await inspect(id, token, "state", { method: "PATCH", body: { state: { count: 40 } } });
  assert.deepEqual(patched.body, { ok: true });
  await engine.kill();
  await engine.restart();
  assert.equal(await tokenOf(id), token);
  assert.deepEqual((await inspect(id, token, "state")).body.state, { count: 40 });
});

test("an operator sees the queue of a ledger and puts messages into it", async () => {
  const id = await actorOf("ledger", "i4");
  const token = await tokenOf(id);
  const added = await inspect(id, token, "queue", { method: "POST", body: { name: "post", body: { i: 7 } } });
  assert.equal(added.status, 200);
  assert.equal(added.body.id, "1");
  const read = await inspect(id, token, "action/read", { method: "POST", body: {} });
  assert.deepEqual(read.body.output.order, [7]);
  assert.equal((await inspect(id, token, "queue")).body.maxSize, 1000);
});

test("an operator works on the database of an actor", async () => {
  const id = await actorOf("notes", "i5", "add", ["first", 1]);
  const token = await tokenOf(id);
  const { body } = await inspect(id, token, "database/schema");
  assert.deepEqual(body.schema.tables.map((entry) => entry.table.name), ["note"]);
  const sql = "SELECT body FROM note WHERE n = ?";
  const found = await inspect(id, token, "database/execute", { method: "POST", body: { sql, args: [1] } });
  assert.deepEqual(found.body, { rows: [{ body: "first" }] });
});
