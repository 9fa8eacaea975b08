// Databases of RivetKit actors, whose pages the engine keeps.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { App } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { binary, Engine, eventually } from "./support/engine.mjs";

const run = promisify(execFile);
let engine, app, client;
const startApp = async () => (app = await App.start("ledger", { RIVET_ENDPOINT: engine.url, RIVET_RUN_SERVICES: "0" }));

before(async () => {
  engine = await Engine.start();
  await startApp();
  client = connect(engine);
});
after(async () => {
  await client?.dispose();
  await app?.kill();
  await engine.dispose();
});

test("rows are there after a sleep", async () => {
  const ledger = client.ledger.getOrCreate(["sleep"]);
  for (let i = 1; i <= 20; i++) assert.equal(await ledger.add(`row ${i}`), i);
  const id = await ledger.resolve();
  await ledger.sleep();
  await eventually(async () => (await engine.actor(id)).sleep_ts !== null);
  assert.deepEqual(await ledger.summary(), { rows: 20, last: 20, bytes: 0, integrity: "ok", pages: (await ledger.summary()).pages, writes: 20 });
});

test("transactions of thousands of pages come through, and so does what is left after them", async () => {
  const ledger = client.ledger.getOrCreate(["large"]);
  await ledger.add("small");
  await ledger.addLarge(3_000_000);
  await ledger.addLarge(20_000_000);
  assert.equal((await ledger.summary()).bytes, 23_000_000);
  await ledger.sleep();
  const after = await ledger.summary();
  assert.equal(after.bytes, 23_000_000);
  assert.equal(after.integrity, "ok");
  await ledger.shrink();
  await ledger.sleep();
  const shrunk = await ledger.summary();
  assert.equal(shrunk.rows, 1);
  assert.equal(shrunk.integrity, "ok");
  assert.ok(shrunk.pages < 100, `${shrunk.pages} pages`);
});

test("what was acknowledged survives the app's kill -9", async () => {
  const ledger = client.ledger.getOrCreate(["app killed"]);
  for (let i = 1; i <= 10; i++) await ledger.add(`row ${i}`);
  await app.kill();
  await startApp();
  const summary = await eventually(() => ledger.summary().catch(() => undefined), 60_000);
  assert.equal(summary.rows, 10);
  assert.equal(summary.integrity, "ok");
});

test("what was acknowledged survives the engine's kill -9", async () => {
  const ledgers = [1, 2, 3, 4].map((i) => client.ledger.getOrCreate(["engine killed", String(i)]));
  const acknowledged = ledgers.map(() => 0);
  let stopping = false;
  const writers = ledgers.map(async (ledger, i) => {
    while (!stopping) {
      try {
        acknowledged[i] = await ledger.add("row");
      } catch {
        return;
      }
    }
  });
  await eventually(() => acknowledged.every((count) => count >= 5));
  await engine.kill();
  stopping = true;
  await engine.restart();
  await Promise.allSettled(writers);
  for (const [i, ledger] of ledgers.entries()) {
    const summary = await eventually(() => ledger.summary().catch(() => undefined), 60_000);
    assert.ok(summary.last >= acknowledged[i], `${summary.last} of ${acknowledged[i]}`);
    assert.equal(summary.rows, summary.last);
    assert.equal(summary.integrity, "ok");
  }
});

test("an actor's database is exported with its rows and its state", async () => {
  const ledger = client.ledger.getOrCreate(["export"]);
  for (let i = 1; i <= 5; i++) await ledger.add(`row ${i}`);
  const id = await ledger.resolve();
  await ledger.sleep();
  await eventually(async () => (await engine.actor(id)).sleep_ts !== null);
  await app.kill();
  await engine.stop();
  const file = join(engine.data, "ledger.sqlite");
  await run(binary, ["db", "export", "--data", join(engine.data, "data"), id, file]);
  const { stdout } = await run("sqlite3", [file, "PRAGMA integrity_check; SELECT count(*), max(text) FROM entry"]);
  assert.equal(stdout, "ok\n5|row 5\n");
  await engine.restart();
});
