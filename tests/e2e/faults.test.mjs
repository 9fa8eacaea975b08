import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, truncate, writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect, failure } from "./support/client.mjs";
import { Engine } from "./support/engine.mjs";

async function filesUnder(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test("a damaged database fails its own actor only, and the log says why", async () => {
  const engine = await Engine.start();
  let client = connect(engine);
  const id = await client.notes.getOrCreate(["damaged"]).resolve();
  for (const key of ["damaged", "whole"]) await client.notes.getOrCreate([key]).bulk(50);
  await client.dispose();
  await engine.stop();
  const files = (await filesUnder(join(engine.data, "data", "sqlite"))).filter((file) => file.includes(id));
  assert.ok(files.length > 0);
  for (const file of files) await writeFile(file, "no database ".repeat(1000));
  await engine.restart();
  client = connect(engine);
  const error = await failure(client.notes.get(["damaged"]).all());
  assert.equal(`${error.group}.${error.code}`, "guard.actor_wake_retries_exceeded");
  assert.equal((await client.notes.get(["whole"]).all()).length, 50);
  assert.equal(await client.counter.getOrCreate(["other"]).increment(1), 1);
  assert.match(engine.log, new RegExp(`actor ${id}: the start failed: .*not a database`));
  await client.dispose();
  await engine.dispose();
});

test("damaged records end the start with code 5 and say so", async () => {
  const engine = await Engine.start();
  await engine.stop();
  const files = await filesUnder(join(engine.data, "data", "records"));
  const manifest = files.find((file) => file.includes("MANIFEST"));
  await truncate(manifest, 0);
  engine.spawn();
  assert.equal((await engine.exited).code, 5);
  assert.match(engine.log, /storage\.corrupt/);
  await engine.dispose();
});

test("few open files limit connections and databases, and every call is still answered", async () => {
  const engine = await Engine.start({ openFiles: 256 });
  const client = connect(engine);
  const idle = [];
  for (let i = 0; i < 300; i++) idle.push(connectTcp(engine.port, "127.0.0.1").on("error", () => {}));
  await Promise.all(idle.map((socket) => once(socket, "connect")));
  for (const socket of idle) socket.destroy();
  // More databases than descriptors, though few of them at a time.
  for (let batch = 0; batch < 30; batch++) {
    const keys = Array.from({ length: 5 }, (_, i) => [`n${batch}-${i}`]);
    assert.deepEqual(await Promise.all(keys.map((key) => client.notes.getOrCreate(key).add("row", 1))), keys.map(() => 1));
  }
  await client.dispose();
  assert.equal((await engine.stop()).code, 0);
  await engine.dispose();
});
