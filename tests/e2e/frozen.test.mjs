// The daemon stands still for a while, as in a container that is paused or a machine that swaps. ROUNDS=n repeats it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { App } from "./support/app.mjs";
import { Engine, eventually } from "./support/engine.mjs";
import { Load, surfaces } from "./support/load.mjs";

const rounds = Number(process.env.ROUNDS ?? 1);

/** Stops the process; resolves once it runs again. The pause is the fault itself. */
async function freeze(engine, ms) {
  engine.child.kill("SIGSTOP");
  await new Promise((done) => setTimeout(done, ms));
  engine.child.kill("SIGCONT");
}

test("a pause loses no request, alarm, socket or actor", async () => {
  const engine = await Engine.start();
  const app = await App.connect("mixed", engine);
  try {
    for (let round = 0; round < rounds; round++) {
      const load = new Load(engine, [...surfaces.engine(`pause ${round}`), ...surfaces.app(`pause ${round}`)]);
      load.start();
      await load.progress(5);
      await freeze(engine, 2_000);
      await load.progress(5);
      await load.stop();
      assert.deepEqual(load.failures, []);
      assert.deepEqual(load.work.filter((surface) => surface.cut > 0).map((surface) => surface.name), []);
      await load.check();
    }
    assert.deepEqual(app.notes, []);
  } finally {
    await app.kill();
    await engine.dispose();
  }
});
