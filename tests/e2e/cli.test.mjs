// The command line, apart from `start`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { binary, Engine, freePort } from "./support/engine.mjs";

const run = promisify(execFile);
let engine;
before(async () => (engine = await Engine.start()));
after(() => engine.dispose());

test("health says yes of a running engine, by option and by environment", async () => {
  await run(binary, ["health", "--port", String(engine.port)]);
  await run(binary, ["health"], { env: { ...process.env, RIVET__GUARD__PORT: String(engine.port) } });
});

test("health says no, and why, when nobody listens", async () => {
  const port = await freePort();
  await assert.rejects(run(binary, ["health", "--port", String(port)]), (error) => {
    assert.equal(error.code, 1);
    assert.match(error.stderr, /^not healthy: Connection refused/);
    return true;
  });
});
