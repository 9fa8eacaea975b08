// Databases of RivetKit actors. The engine keeps their pages; `remote` ones it runs itself.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { App } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { binary, Engine, eventually } from "./support/engine.mjs";

const run = promisify(execFile);
for (const backend of ["local", "remote"]) {
  describe(`${backend} databases`, () => {
    let engine, app, client;
    const startApp = async () => (app = await App.start("journal", { RIVET_ENDPOINT: engine.url, SQLITE_BACKEND: backend }));

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
      const journal = client.journal.getOrCreate(["sleep"]);
      for (let i = 1; i <= 20; i++) assert.equal(await journal.add(`row ${i}`), i);
      const id = await journal.resolve();
      await journal.sleep();
      await eventually(async () => (await engine.actor(id)).sleep_ts !== null);
      const { pages, ...summary } = await journal.summary();
      assert.deepEqual(summary, { rows: 20, last: 20, bytes: 0, integrity: "ok", writes: 20 });
      assert.ok(pages < 64, `${pages} pages`);
    });

    test("transactions of thousands of pages come through, and so does what is left after them", async () => {
      const journal = client.journal.getOrCreate(["large"]);
      await journal.add("small");
      await journal.addLarge(3_000_000);
      await journal.addLarge(20_000_000);
      assert.equal((await journal.summary()).bytes, 23_000_000);
      await journal.sleep();
      const after = await journal.summary();
      assert.equal(after.bytes, 23_000_000);
      assert.equal(after.integrity, "ok");
      await journal.shrink();
      await journal.sleep();
      const shrunk = await journal.summary();
      assert.equal(shrunk.rows, 1);
      assert.equal(shrunk.integrity, "ok");
      assert.ok(shrunk.pages < 100, `${shrunk.pages} pages`);
    });

    test("what was acknowledged survives the app's kill -9", async () => {
      const journal = client.journal.getOrCreate(["app killed"]);
      for (let i = 1; i <= 10; i++) await journal.add(`row ${i}`);
      await app.kill();
      await startApp();
      const summary = await eventually(() => journal.summary().catch(() => undefined), 60_000);
      assert.equal(summary.rows, 10);
      assert.equal(summary.integrity, "ok");
    });

    test("what was acknowledged survives the engine's kill -9", async () => {
      const journals = [1, 2, 3, 4].map((i) => client.journal.getOrCreate(["engine killed", String(i)]));
      const acknowledged = journals.map(() => 0);
      let stopping = false;
      const writers = journals.map(async (journal, i) => {
        while (!stopping) {
          try {
            acknowledged[i] = await journal.add("row");
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
      for (const [i, journal] of journals.entries()) {
        const summary = await eventually(() => journal.summary().catch(() => undefined), 60_000);
        assert.ok(summary.last >= acknowledged[i], `${summary.last} of ${acknowledged[i]}`);
        assert.equal(summary.rows, summary.last);
        assert.equal(summary.integrity, "ok");
      }
    });

    test("an actor's database is exported with its rows and its state", async () => {
      const journal = client.journal.getOrCreate(["export"]);
      for (let i = 1; i <= 5; i++) await journal.add(`row ${i}`);
      const id = await journal.resolve();
      await journal.sleep();
      await eventually(async () => (await engine.actor(id)).sleep_ts !== null);
      await app.kill();
      await engine.stop();
      const file = join(engine.data, "journal.sqlite");
      await run(binary, ["db", "export", "--data", join(engine.data, "data"), id, file]);
      const { stdout } = await run("sqlite3", [file, "PRAGMA integrity_check; SELECT count(*), max(text) FROM entry"]);
      assert.equal(stdout, "ok\n5|row 5\n");
      await engine.restart();
    });
  });
}
