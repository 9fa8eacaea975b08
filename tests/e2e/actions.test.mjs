import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, encodings, failure } from "./support/client.mjs";
import { Engine } from "./support/engine.mjs";

let engine;
before(async () => (engine = await Engine.start()));
after(async () => engine.dispose());

for (const encoding of encodings) {
  describe(`actions over ${encoding}`, () => {
    let client;
    before(() => (client = connect(engine, encoding)));
    after(() => client.dispose());

    test("an actor is created by key and keeps its state", async () => {
      const counter = client.counter.getOrCreate([encoding, "state"]);
      assert.equal(await counter.increment(5), 5);
      assert.equal(await counter.increment(2), 7);
      assert.equal(await client.counter.get([encoding, "state"]).get(), 7);
    });

    test("different keys are different actors", async () => {
      const keys = [[], [encoding], [encoding, ""], [encoding, "a/b"], [encoding, "a\\b"], [encoding, "ä€😀"]];
      for (const [i, key] of keys.entries()) await client.counter.getOrCreate([`k-${encoding}`, ...key]).increment(i + 1);
      for (const [i, key] of keys.entries()) assert.equal(await client.counter.get([`k-${encoding}`, ...key]).get(), i + 1);
    });

    test("a handle by id reaches the same actor", async () => {
      const handle = client.counter.getOrCreate([encoding, "by-id"]);
      await handle.increment(3);
      const id = await handle.resolve();
      assert.match(id, /^[0-9a-z]{30}$/);
      assert.equal(await client.counter.getForId(id).get(), 3);
    });

    test("create makes an actor once", async () => {
      const account = await client.account.create([encoding, "once"], { input: { opening: 40 } });
      assert.equal((await account.read()).balance, 40);
      const error = await failure(client.account.create([encoding, "once"]));
      assert.equal(error.code, "duplicate_key");
    });

    test("get does not create", async () => {
      const error = await failure(client.counter.get([encoding, "nobody"]).get());
      assert.equal(`${error.group}.${error.code}`, "actor.not_found");
    });

    test("input reaches a new actor only", async () => {
      const key = [encoding, "input"];
      const rich = client.account.getOrCreate(key, { createWithInput: { opening: 100 } });
      assert.deepEqual(await rich.read(), { balance: 100, log: [], key, name: "account" });
      assert.equal((await client.account.getOrCreate(key, { createWithInput: { opening: 5 } }).read()).balance, 100);
      assert.equal((await client.account.getOrCreate([encoding, "no-input"]).read()).balance, 0);
    });

    test("a user error keeps code, message and metadata", async () => {
      const account = client.account.getOrCreate([encoding, "errors"]);
      const error = await failure(account.deposit(-3));
      assert.equal(error.group, "user");
      assert.equal(error.code, "bad_amount");
      assert.equal(error.message, "amount must be positive");
      assert.deepEqual(error.metadata, { n: -3 });
      assert.equal((await account.read()).balance, 0);
    });

    test("an internal error does not tell its text", async () => {
      const error = await failure(client.account.getOrCreate([encoding, "boom"]).boom());
      assert.equal(`${error.group}.${error.code}`, "rivetkit.internal_error");
      assert.equal(error.message, "An internal error occurred");
    });

    test("an unknown action is named", async () => {
      const error = await failure(client.counter.getOrCreate([encoding]).nope());
      assert.equal(`${error.group}.${error.code}`, "actor.action_not_found");
      assert.match(error.message, /nope/);
    });

    test("values of every type come back unchanged", async () => {
      const account = client.account.getOrCreate([encoding, "types"]);
      const values = [
        null, true, false, 0, 1, -1, 23, 24, 255, 256, 65535, 65536, 4294967295, -4294967296, 4294967296, 2 ** 53 - 1, 1.5, -0.25, 1e300,
        "", "text", "ä€😀", "\u0000", [], [1, [2, [3]]], {}, { a: { b: [null] } }, ["$x", 1, 2],
      ];
      // Over cbor the published client reads the escapes but does not write them.
      if (encoding !== "cbor") values.push(["$x", 1], ["$$x", 1], ["$BigInt", "no"]);
      for (const value of values) assert.deepEqual(await account.types(value), value, JSON.stringify(value));
      // The JSON of the published client has no form for an undefined argument.
      assert.equal(await account.types(undefined), encoding === "json" ? null : undefined);
      assert.equal(await account.types(2n ** 64n), 2n ** 64n);
      assert.equal(await account.types(-5n), -5n);
      assert.deepEqual(new Uint8Array(await account.types(new Uint8Array([0, 1, 255]))), new Uint8Array([0, 1, 255]));
    });

    test("too large a request or answer is refused, and the actor lives on", async () => {
      const account = client.account.getOrCreate([encoding, "big"]);
      const incoming = await failure(account.types("x".repeat(70_000)));
      assert.equal(`${incoming.group}.${incoming.code}`, "message.incoming_too_long");
      const outgoing = await failure(account.big(1_100_000));
      assert.equal(`${outgoing.group}.${outgoing.code}`, "message.outgoing_too_long");
      assert.equal((await account.big(1_000_000)).length, 1_000_000);
    });

    test("connection parameters reach an action, and can refuse it", async () => {
      const account = client.account.getOrCreate([encoding, "params"], { params: { user: "ada" } });
      assert.deepEqual(await account.whoami(), { user: "ada" });
      await account.deposit(4);
      assert.deepEqual((await account.read()).log, [["ada", 4]]);
      const error = await failure(client.account.getOrCreate([encoding, "params"], { params: { user: "banned" } }).read());
      assert.equal(error.code, "banned");
      assert.equal(error.message, "no entry");
      assert.deepEqual(error.metadata, { who: "banned" });
    });

    test("an actor calls another", async () => {
      const boss = client.boss.getOrCreate([encoding]);
      assert.equal(await boss.ping(), "pong");
      assert.equal(await boss.hire(`${encoding}-worker`, 12), 12);
      assert.equal((await client.account.get([`${encoding}-worker`]).read()).balance, 12);
      const error = await failure(boss.hire(`${encoding}-worker`, 0));
      assert.equal(error.code, "bad_amount");
    });

    test("key-value entries and SQL rows are kept", async () => {
      const store = client.store.getOrCreate([encoding]);
      for (const [k, v] of [["a/1", "one"], ["a/2", "two"], ["b", "three"]]) await store.put(k, v);
      assert.equal(await store.get("a/1"), "one");
      assert.equal(await store.get("zzz"), null);
      assert.deepEqual(await store.list("a/"), [["a/1", "one"], ["a/2", "two"]]);
      await store.del("a/1");
      assert.equal(await store.get("a/1"), null);

      const notes = client.notes.getOrCreate([encoding]);
      assert.equal(await notes.add("first", 1.5), 1);
      assert.equal(await notes.add("sec\u0000ond", 2), 2);
      assert.deepEqual(await notes.all(), [{ id: 1, body: "first", n: 1.5 }, { id: 2, body: "sec\u0000ond", n: 2 }]);
      assert.deepEqual(await client.notes.getOrCreate([encoding, "bulk"]).bulk(1000), { c: 1000, s: 249750 });
      assert.equal(await notes.integrity(), "ok");
    });

    test("a destroyed actor is gone and its key is free", async () => {
      const boss = client.boss.getOrCreate([encoding, "mortal"]);
      const id = await boss.resolve();
      await boss.suicide();
      await fetch(`${engine.url}/actors/${id}?namespace=default`, { method: "DELETE" });
      const error = await failure(client.boss.getForId(id).ping());
      assert.equal(`${error.group}.${error.code}`, "actor.not_found");
      const again = client.boss.getOrCreate([encoding, "mortal"]);
      assert.equal(await again.ping(), "pong");
      assert.notEqual(await again.resolve(), id);
    });

    test("two hundred actors in parallel all answer", async () => {
      const counts = await Promise.all(Array.from({ length: 200 }, (_, i) => client.counter.getOrCreate([encoding, "many", String(i)]).increment(i)));
      assert.deepEqual(counts, Array.from({ length: 200 }, (_, i) => i));
    });
  });
}
