import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, encodings, failure } from "./support/client.mjs";
import { Engine } from "./support/engine.mjs";

describe("queues", () => {
  let engine;
  before(async () => (engine = await Engine.start()));
  after(async () => engine.dispose());

  for (const encoding of encodings) {
    test(`messages are applied in order, questions answered (${encoding})`, async () => {
      const client = connect(engine, encoding);
      const ledger = client.ledger.getOrCreate([`order-${encoding}`]);
      for (let i = 0; i < 20; i++) assert.equal(await ledger.send("post", { i }), undefined);
      assert.deepEqual(await ledger.send("ask", { i: 21 }, { wait: true }), { status: "completed", response: { double: 42 } });
      const order = [...Array(20).keys(), 21];
      assert.deepEqual(await ledger.read(), { applied: 21, order });
      assert.deepEqual(await ledger.send("post", { i: 5 }, { wait: true, timeout: 5000 }), { status: "completed" });
      await client.dispose();
    });

    test(`undeclared queues, bad bodies and limits (${encoding})`, async () => {
      const client = connect(engine, encoding);
      const ledger = client.ledger.getOrCreate([`limits-${encoding}`]);
      assert.deepEqual(await ledger.send("nobody", { i: 1 }, { wait: true }), { status: "completed" });
      assert.equal((await failure(ledger.send("post", "no posting"))).group, "actor");
      await ledger.send("post", { i: 1, fill: "x".repeat(65_400) }, { wait: true });
      const large = await failure(ledger.send("post", { i: 2, fill: "x".repeat(65_600) }));
      // Whichever limit strikes first: that of the request or that of the record.
      assert.ok(["incoming_too_long", "message_too_large"].includes(large.code), large.code);
      assert.deepEqual(await ledger.read(), { applied: 1, order: [1] });
      await client.dispose();
    });

    test(`many senders at once (${encoding})`, async () => {
      const client = connect(engine, encoding);
      const ledger = client.ledger.getOrCreate([`many-${encoding}`]);
      const answers = await Promise.all([...Array(50).keys()].map((i) => ledger.send("ask", { i }, { wait: true })));
      answers.forEach((answer, i) => assert.deepEqual(answer, { status: "completed", response: { double: 2 * i } }));
      const { applied, order } = await ledger.read();
      assert.equal(applied, 50);
      assert.deepEqual([...order].sort((a, b) => a - b), [...Array(50).keys()]);
      await client.dispose();
    });
  }

  test("over HTTP alone", async () => {
    const url = `${engine.url}/gateway/ledger/queue/ask?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=http`;
    const send = (body) => fetch(url, { method: "POST", body });
    const answered = await send('{"body":{"i":4},"wait":true}');
    assert.equal(answered.status, 200);
    assert.deepEqual(await answered.json(), { status: "completed", response: { double: 8 } });
    for (const body of ['{"body":{"i":1},"timeout":-1}', '{"timeout":0.5}', "{", "[]"]) assert.equal((await send(body)).status, 400, body);
    assert.equal((await fetch(url)).status, 405);
  });

  test("messages survive a stop of the daemon", async () => {
    const client = connect(engine);
    const ledger = client.ledger.getOrCreate(["stop"]);
    for (let i = 0; i < 10; i++) await ledger.send("post", { i });
    await engine.stop();
    await engine.restart();
    await ledger.send("ask", { i: 10 }, { wait: true });
    assert.deepEqual((await ledger.read()).order, [...Array(11).keys()]);
    await client.dispose();
  });
});

describe("a queue under kill -9", () => {
  let engine;
  before(async () => (engine = await Engine.start()));
  after(async () => engine.dispose());

  test("every acknowledged message is applied exactly once, in the order of its sender", async () => {
    const senders = 6;
    const acknowledged = Array.from({ length: senders }, () => new Set());
    const attempted = Array.from({ length: senders }, () => new Set());
    let next = 0;
    for (let round = 0; round < 8; round++) {
      const client = connect(engine, encodings[round % encodings.length]);
      let running = true;
      const work = acknowledged.map(async (known, s) => {
        while (running) {
          const i = next++;
          attempted[s].add(i);
          try {
            // Every other one waits for its answer: effect and completion are one.
            const ledger = client.ledger.getOrCreate(["crash"]);
            const answer = await ledger.send(i % 2 ? "ask" : "post", { i }, { wait: i % 2 === 1, signal: AbortSignal.timeout(3000) });
            if (i % 2) assert.deepEqual(answer.response, { double: 2 * i });
            known.add(i);
          } catch {
            // The daemon is gone: whether this one counts is unknown, and it is not sent again.
          }
        }
      });
      await new Promise((done) => setTimeout(done, 100 + Math.random() * 300));
      running = false;
      await engine.kill();
      await engine.restart();
      await Promise.all(work);
      await client.dispose();

      const after = connect(engine);
      const ledger = after.ledger.getOrCreate(["crash"]);
      // What lies in the queue is older than this one.
      const marker = next++;
      attempted[0].add(marker);
      await ledger.send("ask", { i: marker }, { wait: true });
      acknowledged[0].add(marker);
      const { applied, order } = await ledger.read();
      assert.equal(applied, order.length);
      assert.equal(new Set(order).size, order.length, "a message was applied twice");
      const places = new Map(order.map((i, place) => [i, place]));
      acknowledged.forEach((known, s) => {
        let last = -1;
        for (const i of known) {
          assert.ok(places.has(i), `message ${i} was acknowledged and is lost`);
          assert.ok(places.get(i) > last, `message ${i} overtook another one of its sender`);
          last = places.get(i);
        }
        assert.ok([...known].every((i) => attempted[s].has(i)));
      });
      const all = new Set(attempted.flatMap((set) => [...set]));
      assert.ok(order.every((i) => all.has(i)), "a message that nobody sent");
      await after.dispose();
    }
    assert.ok(acknowledged.every((known) => known.size > 0));
  });
});
