// `troupe db export`: an actor's database as a plain SQLite file.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { connect } from "./support/client.mjs";
import { binary, Engine } from "./support/engine.mjs";

const run = promisify(execFile);
let engine, id;
before(async () => {
  engine = await Engine.start();
  const client = connect(engine);
  const notes = client.notes.getOrCreate(["export"]);
  await notes.add("first", 1);
  await notes.bulk(500);
  id = await notes.resolve();
  await client.dispose();
});
after(() => engine.dispose());

const data = () => join(engine.data, "data");
const exportTo = (file, actor = id) => run(binary, ["db", "export", "--data", data(), actor, file]);

test("not while the engine runs", async () => {
  await assert.rejects(exportTo(join(engine.data, "running.sqlite")), (error) => {
    assert.equal(error.code, 4);
    assert.match(error.stderr, /^troupe db export: storage\.locked/);
    return true;
  });
});

test("after the engine was killed, with everything that was acknowledged", async () => {
  await engine.kill();
  const file = join(engine.data, "notes.sqlite");
  const { stdout } = await exportTo(file);
  assert.equal(stdout, `wrote ${(await stat(file)).size} bytes to ${file}\n`);
  const { stdout: checked } = await run("sqlite3", [file, "PRAGMA integrity_check; SELECT count(*) FROM note"]);
  assert.equal(checked, "ok\n501\n");
});

test("no file is replaced, and an actor without a database says so", async () => {
  await assert.rejects(exportTo(join(engine.data, "notes.sqlite")), { code: 5 });
  const other = id.slice(0, -8) + id.slice(-8).replace(/[0-9a-z]/, (c) => (c === "1" ? "2" : "1"));
  await assert.rejects(exportTo(join(engine.data, "none.sqlite"), other), (error) => {
    assert.equal(error.code, 1);
    assert.match(error.stderr, /this actor has no database/);
    return true;
  });
  await assert.rejects(exportTo(join(engine.data, "none.sqlite"), "nonsense"), { code: 1 });
});
