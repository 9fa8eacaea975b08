// Not one file or socket more may be opened, under work on every surface. ROUNDS=n repeats it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import WebSocket from "ws";
import { App } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";
import { Load, surfaces } from "./support/load.mjs";

const rounds = Number(process.env.ROUNDS ?? 1);

test("without file descriptors writers are told, newcomers wait, and all goes on when there are some", async () => {
  // Small memtables: files are made all the time.
  const engine = await Engine.start({ env: { RIVET__TROUPE__WRITE_BUFFER_BYTES: "65536" } });
  const app = await App.connect("mixed", engine);
  const client = connect(engine);
  const pid = engine.child.pid;
  const usual = execFileSync("prlimit", ["--pid", pid, "--nofile", "--noheadings", "--output", "SOFT"]).toString().trim();
  const limit = (most) => execFileSync("prlimit", ["--pid", pid, `--nofile=${most}:`]);
  try {
    const early = client.counter.getOrCreate(["early"]).connect();
    assert.equal(await early.increment(7), 7);
    for (let round = 0; round < rounds; round++) {
      const load = new Load(engine, [...surfaces.engine(`files ${round}`), ...surfaces.app(`files ${round}`, { crashes: true })], 10_000);
      load.start();
      await load.progress(3);
      limit((await readdir(`/proc/${pid}/fd`)).length);
      const told = (name) => load.failures.filter(({ surface }) => surface.startsWith(name));
      for (const name of ["store", "ledger", "timer"])
        await eventually(() => told(name).some(({ failure }) => `${failure.group}.${failure.code}` === "storage.unavailable"), 30_000);
      // What is connected is served. The system lets others connect; the engine takes them on later.
      assert.equal(await early.get(), 7);
      const path = "/gateway/counter/connect?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=early";
      const late = Array.from({ length: 20 }, () => new WebSocket(engine.url.replace("http", "ws") + path, ["rivet", "rivet_encoding.json"]));
      const query = new URLSearchParams({ protocol_version: "8", namespace: "default", envoy_key: "late", version: "1", pool_name: "default" });
      const envoy = new WebSocket(`${engine.url.replace("http", "ws")}/envoys/connect?${query}`, ["rivet"]);
      const greeted = Promise.all([...late, envoy].map((socket) => once(socket, "message")));
      await eventually(() => engine.log.includes("cannot accept a connection: Too many open files"));
      limit(usual);
      await greeted;
      for (const socket of [...late, envoy]) socket.terminate();
      await load.progress(3, 60_000);
      await load.stop();
      await load.check();
      assert.equal(await early.get(), 7);
    }
  } finally {
    void client.dispose();
    await app.kill();
    await engine.dispose();
  }
});
