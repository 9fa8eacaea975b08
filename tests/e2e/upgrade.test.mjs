// A new version of an app takes over while clients use it: every call is answered, and counts once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { App } from "./support/app.mjs";
import { connect, encodings } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";

/** Adds to one keeper after the other's answer until told to end. Each answer must be the next number. */
class Worker {
  answers = 0;
  #ended = false;

  constructor(handle, target) {
    this.handle = handle;
    this.done = this.#run(target);
    // Whoever ends the load hears of it.
    this.done.catch(() => {});
  }

  async #run(target) {
    while (!this.#ended) {
      const count = await target.add(1);
      assert.equal(count, ++this.answers);
    }
  }

  async end() {
    this.#ended = true;
    await this.done;
  }

  /** Fails with what went wrong, or resolves after further answers. */
  async progress(answers = 5) {
    const goal = this.answers + answers;
    await Promise.race([this.done, eventually(() => this.answers >= goal, 40_000)]);
  }
}

describe("an upgrade under load", () => {
  let engine;
  const apps = [], clients = [];
  const connected = async (version) => {
    const app = await App.connect("lifecycle", engine, { RIVET_ENVOY_VERSION: String(version) });
    apps.push(app);
    return app;
  };

  before(async () => {
    engine = await Engine.start();
  });
  after(async () => {
    await Promise.all(clients.map((other) => other.dispose()));
    await Promise.all(apps.map((app) => app.kill()));
    await engine.dispose();
  });

  /** Workers of every encoding over HTTP and over a connection, each with an actor of its own. */
  function load(name) {
    const workers = [];
    for (const encoding of encodings) {
      const other = connect(engine, encoding);
      clients.push(other);
      for (let i = 0; i < 4; i++) {
        const plain = other.keeper.getOrCreate([name, encoding, "http", `${i}`]);
        workers.push(new Worker(plain, plain));
        const connected = other.keeper.getOrCreate([name, encoding, "connection", `${i}`]);
        workers.push(new Worker(connected, connected.connect()));
      }
    }
    return workers;
  }
  const all = (workers, what) => Promise.all(workers.map(what));
  const versionsOf = async (workers) => new Set(await all(workers, async (worker) => (await worker.handle.look()).version));
  async function checkCounts(workers) {
    for (const worker of workers) assert.equal((await worker.handle.look()).count, worker.answers);
  }

  test("moves every actor when the old version is asked to stop", async () => {
    const old = await connected(1);
    const workers = load("stop");
    await all(workers, (worker) => worker.progress());
    await connected(2);
    await all(workers, (worker) => worker.progress());
    // Actors stay where they are until their process ends.
    assert.deepEqual(await versionsOf(workers), new Set(["1"]));
    await old.stop();
    await all(workers, (worker) => worker.progress());
    assert.deepEqual(await versionsOf(workers), new Set(["2"]));
    await all(workers, (worker) => worker.end());
    await checkCounts(workers);
  });

  test("moves single actors when they are rescheduled", async () => {
    const workers = load("reschedule");
    await all(workers, (worker) => worker.progress());
    await connected(3);
    await all(workers, async (worker) => {
      const id = await worker.handle.resolve();
      assert.equal((await engine.api(`/actors/${id}/reschedule?namespace=default`, { method: "POST", body: {} })).status, 200);
    });
    await all(workers, (worker) => worker.progress());
    assert.deepEqual(await versionsOf(workers), new Set(["3"]));
    await all(workers, (worker) => worker.end());
    await checkCounts(workers);
  });
});
