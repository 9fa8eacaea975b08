// Actors inside the engine and actors of a RivetKit process call each other, in one namespace.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { App } from "./support/app.mjs";
import { failure } from "./support/client.mjs";
import { eventually } from "./support/engine.mjs";
import { stage } from "./support/stage.mjs";

/** What the caller is asked to do: an action of an actor by name and key. */
const question = (name, key, action, argument = null) => ({ name, key, action, argument });
const typed = ({ group, code, message, metadata }) => ({ group, code, message, metadata });

describe("actors of both kinds", () => {
  const on = stage("lifecycle");
  // "boss" runs inside the engine, "caller" in the process.
  const caller = (kind, name) => on.client[kind].getOrCreate([name]);

  for (const [kind, callee, action] of [
    ["boss", "keeper", "add"],
    ["caller", "counter", "increment"],
    ["boss", "counter", "increment"],
    ["caller", "keeper", "add"],
  ])
    test(`${kind} makes ${callee} and gets its answers`, async () => {
      const key = `${kind}-${callee}`;
      assert.equal(await caller(kind, key).ask(question(callee, key, action, 4)), 4);
      assert.equal(await caller(kind, key).ask(question(callee, key, action, 3)), 7);
      assert.equal(await on.client[callee].getOrCreate([key])[action](1), 8);
    });

  for (const kind of ["boss", "caller"])
    for (const [callee, action, argument, expected] of [
      ["keeper", "refuse", { why: ["closed", 7] }, { group: "user", code: "refused", message: "not today", metadata: { why: ["closed", 7] } }],
      ["account", "deposit", -2, { group: "user", code: "bad_amount", message: "amount must be positive", metadata: { n: -2 } }],
    ])
      test(`${kind} passes on the error of ${callee} as it is`, async () => {
        const key = `${kind}-refused`;
        const error = await failure(caller(kind, key).ask(question(callee, key, action, argument)));
        assert.deepEqual(typed(error), expected);
      });

  test("a caller in the engine says which actor of the process an error came from", async () => {
    const error = await failure(caller("boss", "origin").ask(question("keeper", "origin", "refuse")));
    assert.equal(error.actor.actorId, await on.client.keeper.getOrCreate(["origin"]).resolve());
    assert.equal(error.actor.key, "origin");
  });

  test("what an actor keeps to itself stays with it", async () => {
    for (const kind of ["boss", "caller"]) {
      const internal = await failure(caller(kind, "masked").ask(question("keeper", "masked", "fail")));
      assert.equal(internal.code, "internal_error");
      assert.doesNotMatch(internal.message, /secret/);
      const unknown = await failure(caller(kind, "masked").ask(question("keeper", "masked", "missing")));
      assert.equal(unknown.code, "action_not_found");
    }
  });

  test("a chain of calls crosses between them, and back", async () => {
    const chain = (last) => question("caller", "chain", "ask", question("boss", "chain-2", "ask", question("caller", "chain-3", "ask", last)));
    assert.equal(await caller("boss", "chain").ask(chain(question("counter", "chain", "increment", 6))), 6);
    const error = await failure(caller("boss", "chain").ask(chain(question("account", "chain", "deposit", -1))));
    assert.deepEqual(typed(error), { group: "user", code: "bad_amount", message: "amount must be positive", metadata: { n: -1 } });
  });

  test("many calls each way at once all come back", async () => {
    const ask = (kind, callee, action, i) => caller(kind, `many-${i % 4}`).ask(question(callee, `many-${i % 8}`, action, 1));
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    const [kept, counted] = await Promise.all([
      Promise.all(numbers.map((i) => ask("boss", "keeper", "add", i))),
      Promise.all(numbers.map((i) => ask("caller", "counter", "increment", i))),
    ]);
    for (const answers of [kept, counted])
      for (let key = 0; key < 8; key++) {
        const own = answers.filter((_, i) => i % 8 === key).sort((a, b) => a - b);
        assert.deepEqual(own, own.map((_, i) => i + 1));
      }
  });

  test("a call from the engine waits for the process that comes back", async () => {
    const ask = question("keeper", "returns", "add", 2);
    assert.equal(await caller("boss", "waits").ask(ask), 2);
    await on.app.stop();
    const id = await on.client.keeper.getOrCreate(["returns"]).resolve();
    await eventually(async () => (await on.engine.actor(id)).error === "no_envoys");
    const answer = caller("boss", "waits").ask(ask);
    on.app = await App.connect("lifecycle", on.engine);
    assert.equal(await answer, 4);
  });
});
