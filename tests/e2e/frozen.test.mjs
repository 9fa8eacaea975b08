// A process stands still for a while, as in a container that is paused or a machine that swaps. ROUNDS=n repeats it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { App, envoys } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";
import { Load, surfaces } from "./support/load.mjs";

const rounds = Number(process.env.ROUNDS ?? 1);

/** Stops the process; resolves once it runs again. The pause is the fault itself. */
async function freeze(child, ms) {
  child.kill("SIGSTOP");
  await new Promise((done) => setTimeout(done, ms));
  child.kill("SIGCONT");
}

/** Runs `body(engine, client)` in each round with an engine of its own, and leaves nothing of it or of `apps`. */
async function withEngine(env, body) {
  for (let round = 0; round < rounds; round++) {
    const engine = await Engine.start({ env });
    const client = connect(engine);
    const apps = [];
    try {
      await body({ engine, client, app: async () => apps[apps.push(await App.connect("beat", engine)) - 1] });
    } finally {
      void client.dispose();
      for (const app of apps) await app.kill();
      await engine.dispose();
    }
  }
}

test("a pause of the engine loses no request, alarm, socket or actor", async () => {
  const engine = await Engine.start();
  const app = await App.connect("mixed", engine);
  try {
    for (let round = 0; round < rounds; round++) {
      const load = new Load(engine, [...surfaces.engine(`pause ${round}`), ...surfaces.app(`pause ${round}`)]);
      load.start();
      await load.progress(5);
      await freeze(engine.child, 2_000);
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

describe("a pause that takes longer than an envoy may be silent", () => {
  const threshold = 2_000;
  const impatient = {
    RIVET__PEGBOARD__ENVOY_UPDATE_PING_INTERVAL: "500",
    RIVET__PEGBOARD__ENVOY_PING_TIMEOUT: String(threshold),
    RIVET__PEGBOARD__ENVOY_LOST_THRESHOLD: String(threshold),
    RIVET__GUARD__ACTOR_READY_TIMEOUT_MS: "2000",
  };

  /** Adds one until it is acknowledged; whatever is said before that must be an error with a name. */
  async function add(handle, counted) {
    for (;;) {
      counted.tried += 1;
      try {
        return (counted.told = await handle.add(1));
      } catch (error) {
        assert.match(`${error.group}.${error.code}`, /^(guard|actor)\.[a-z_]+$/, `${error.stack}`);
        counted.refusals.add(`${error.group}.${error.code}`);
      }
    }
  }
  const counting = () => ({ told: 0, tried: 0, refusals: new Set() });

  /** What was told is there, and nothing that was never tried. */
  function checkCount(count, { told, tried }) {
    assert.ok(count >= told, `${count}, and ${told} was acknowledged`);
    assert.ok(count <= tried, `${count} after ${tried} tries`);
  }

  /** No two generations have saved the same beat: each began with what the one before had saved, after its end. */
  function checkBeats(...apps) {
    const saved = apps.flatMap((app) => app.notes.map((note) => note.beat));
    assert.equal(new Set(saved).size, saved.length, `saved twice: ${saved.filter((beat, i) => saved.indexOf(beat) < i)}`);
  }
  const beats = (app, more) => {
    const goal = app.notes.length + more;
    return eventually(() => app.notes.length >= goal, 30_000);
  };
  const connected = (engine, app) => eventually(async () => (await envoys(engine)).some((envoy) => envoy.envoy_key === app.key), 30_000);

  test("moves the actors of a paused app to another one, which alone goes on with them", async () => {
    await withEngine(impatient, async ({ engine, client, app }) => {
      const first = await app();
      const handle = client.beat.getOrCreate(["moves"]);
      const counted = counting();
      await add(handle, counted);
      await beats(first, 3);
      first.child.kill("SIGSTOP");
      const second = await app();
      await add(handle, counted);
      const look = await handle.look();
      assert.equal(look.pid, second.pid);
      await beats(second, 3);
      first.child.kill("SIGCONT");
      await connected(engine, first);
      await beats(second, 20);
      await add(handle, counted);
      const later = await handle.look();
      assert.equal(later.born, look.born);
      checkCount(later.count, counted);
      checkBeats(first, second);
    });
  });

  test("of the only app ends calls with an error, and its actors go on when it does", async () => {
    await withEngine(impatient, async ({ engine, client, app }) => {
      const only = await app();
      const handle = client.beat.getOrCreate(["waits"]);
      const counted = counting();
      await add(handle, counted);
      const id = await handle.resolve();
      await beats(only, 3);
      only.child.kill("SIGSTOP");
      const added = add(handle, counted);
      // The published client tries again by itself; whoever asks once is told at once.
      await eventually(async () => {
        const { status, body } = await engine.api(`/gateway/${id}/action/look`, {
          method: "POST",
          headers: { "x-rivet-encoding": "json" },
          body: { args: [] },
        });
        assert.equal(status, 503, JSON.stringify(body));
        assert.equal(body.group, "guard");
        return body.code === "actor_ready_timeout";
      }, 30_000);
      only.child.kill("SIGCONT");
      await added;
      const look = await handle.look();
      checkCount(look.count, counted);
      await add(handle, counted);
      assert.equal((await handle.look()).born, look.born);
    });
  });

  test("of the engine leaves every actor with one generation and all that was acknowledged", async () => {
    await withEngine(impatient, async ({ engine, client, app }) => {
      const apps = [await app(), await app()];
      const handles = Array.from({ length: 10 }, (_, i) => [client.beat.getOrCreate([`still-${i}`]), counting()]);
      await Promise.all(handles.map(([handle, counted]) => add(handle, counted)));
      await freeze(engine.child, 3 * threshold);
      await Promise.all(handles.map(([handle, counted]) => add(handle, counted)));
      for (const [i, [handle, counted]] of handles.entries()) {
        checkCount((await handle.look()).count, counted);
        assert.deepEqual([...counted.refusals], [], "the pause was held against an app");
        const saved = apps.flatMap((one) => one.notes.filter((note) => note.key === `still-${i}`).map((note) => note.beat));
        assert.equal(new Set(saved).size, saved.length, `saved twice by still-${i}`);
      }
    });
  });
});
