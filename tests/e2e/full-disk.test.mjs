// A disk without a byte left under everything that writes. ROUNDS=n repeats it.
import assert from "node:assert/strict";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { App } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";
import { Load, surfaces } from "./support/load.mjs";
import { allowed, SmallDisk } from "./support/small-disk.mjs";

const rounds = Number(process.env.ROUNDS ?? 1);
const skip = allowed ? false : "no namespaces for users on this machine";

for (const backend of ["local", "remote"]) {
  test(`a full disk is told to those who write, and nothing acknowledged is lost (${backend} databases of the app)`, { skip }, async () => {
    const data = await mkdtemp(join(tmpdir(), "troupe-e2e-"));
    await mkdir(join(data, "data"));
    const disk = await SmallDisk.mount(join(data, "data"), 64);
    // The log has its space before it is used, so it is kept small.
    const engine = await Engine.start({ data, prefix: disk.prefix, env: { RIVET__TROUPE__WRITE_BUFFER_BYTES: "65536" } });
    const app = await App.connect("mixed", engine, { SQLITE_BACKEND: backend });
    const client = connect(engine);
    try {
      assert.equal(await client.counter.getOrCreate(["reader"]).increment(7), 7);
      for (let round = 0; round < rounds; round++) {
        const load = new Load(engine, [...surfaces.engine(`full ${round}`), ...surfaces.app(`full ${round}`, { crashes: true })], 10_000);
        load.start();
        await load.progress(3);
        await disk.fill();
        const told = (name) => load.failures.filter(({ surface }) => surface.startsWith(name));
        const writers = ["counter", "notes", "store", "ledger", "timer", "tally", "journal"];
        await eventually(() => writers.every((name) => told(name).length > 0), 30_000).catch(() => {
          assert.fail(`not told: ${writers.filter((name) => told(name).length === 0)}`);
        });
        // Reads go on.
        assert.equal(await client.counter.getOrCreate(["reader"]).get(), 7);
        assert.equal((await engine.api("/actors?namespace=default&name=ledger")).status, 200);
        await disk.free();
        for (const name of ["store", "ledger", "timer"])
          assert.ok(told(name).some(({ failure }) => `${failure.group}.${failure.code}` === "storage.unavailable"), name);
        await load.progress(3, 60_000);
        await load.stop();
        await load.check();
      }
      await engine.kill();
      await engine.restart();
      assert.equal(await client.counter.getOrCreate(["reader"]).get(), 7);
    } finally {
      await client.dispose();
      await app.kill();
      await engine.dispose();
      await disk.unmount();
    }
  });
}
