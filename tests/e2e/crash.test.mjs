// kill -9 at random moments under work on every surface at once. ROUNDS=n makes it longer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { App } from "./support/app.mjs";
import { Engine } from "./support/engine.mjs";
import { Load, surfaces } from "./support/load.mjs";

const rounds = Number(process.env.ROUNDS ?? 3);
/** Then other actors follow, so that none becomes too large to be looked through. */
const roundsPerKey = 20;

for (const backend of ["local", "remote"]) {
  test(`everything acknowledged survives kill -9 of engine and app (${backend} databases of the app)`, { timeout: 120_000 + rounds * 30_000 }, async () => {
    const engine = await Engine.start({ env: { RIVET__PEGBOARD__ENVOY_LOST_THRESHOLD: "2000" } });
    let app = await App.connect("mixed", engine, { SQLITE_BACKEND: backend });
    const told = () => load.work.reduce((sum, { told }) => sum + (told?.size ?? told ?? 0), 0);
    let load;
    let acknowledged = 0;
    try {
      for (let round = 0; round < rounds; round++) {
        if (round % roundsPerKey === 0) {
          acknowledged += load ? told() : 0;
          load = new Load(engine, [...surfaces.engine(`crash ${round}`), ...surfaces.app(`crash ${round}`, { crashes: true })], 3_000);
        }
        load.start();
        await load.progress(1);
        await new Promise((done) => setTimeout(done, Math.random() * 400));
        await engine.kill();
        const appEnds = round % 3 === 2;
        if (appEnds) await app.kill();
        const stopped = load.stop();
        await engine.restart();
        // Not before: an app that finds no engine at a local address starts the published one.
        if (appEnds) app = await App.start("mixed", { RIVET_ENDPOINT: engine.url, SQLITE_BACKEND: backend });
        await stopped;
        await load.check(60_000);
        if (process.env.ROUNDS) console.log(`round ${round}: ${acknowledged + told()} acknowledged, none lost`);
      }
      assert.deepEqual(app.notes, []);
      for (const surface of load.work) assert.ok(surface.tried > 0, surface.name);
    } finally {
      await app.kill();
      await engine.dispose();
    }
  });
}
