import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { App } from "./support/app.mjs";
import { nextEvent } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";

/** Older versions of RivetKit and the version of the envoy protocol that they speak. */
const versions = [
  ["rivetkit-2.3.11", 6],
  ["rivetkit-2.3.17", 8],
];

for (const [rivetkit, protocol] of versions) {
  describe(`an app on ${rivetkit}`, () => {
    let engine;
    let app;
    let clients;

    before(async () => {
      // The death of a process is noticed in two seconds instead of fifteen.
      engine = await Engine.start({ env: { RIVET__PEGBOARD__ENVOY_LOST_THRESHOLD: "2000" } });
      app = await App.connect("versions", engine, { RIVETKIT: rivetkit });
      // Its own client and today's.
      clients = [];
      for (const [name, encoding] of [[rivetkit, "bare"], [rivetkit, "cbor"], ["rivetkit", "json"]]) {
        const { createClient } = await import(`${name}/client`);
        clients.push(createClient({ endpoint: engine.url, encoding }));
      }
    });
    after(async () => {
      for (const client of clients ?? []) await client.dispose();
      await app?.kill();
      await engine?.dispose();
    });

    const asleep = (id) => eventually(async () => (await engine.actor(id)).connectable_ts === null);

    test("speaks the protocol of its time", () => {
      assert.match(engine.log, new RegExp(`connected: version \\d+, protocol ${protocol}\\b`));
    });

    test("keeps state, rows and keys over a sleep, for old and new clients", async () => {
      for (const [i, client] of clients.entries()) {
        const handle = client.sample.getOrCreate([`storage-${i}`]);
        assert.equal(await handle.add(2), 2);
        assert.deepEqual(await handle.write("one"), ["one"]);
        await handle.put("greeting", "hello");
        await handle.nap();
        await asleep(await handle.resolve());
        assert.equal(await handle.add(3), 5);
        assert.deepEqual(await handle.write("two"), ["one", "two"]);
        assert.equal(await handle.got("greeting"), "hello");
        assert.equal((await handle.look()).wakes, 2);
      }
    });

    test("fires alarms, also of sleeping actors", async () => {
      const handle = clients[0].sample.getOrCreate(["alarm"]);
      const id = await handle.resolve();
      await handle.later(1_000);
      await handle.nap();
      await asleep(id);
      await eventually(async () => (await engine.actor(id)).connectable_ts !== null);
      await eventually(async () => (await handle.look()).alarms === 1);
    });

    test("receives what is sent to its queues", async () => {
      const handle = clients[0].sample.getOrCreate(["queue"]);
      for (let i = 0; i < 3; i++) await handle.send("jobs", { i });
      await eventually(async () => (await handle.look()).jobs.length === 3);
      assert.deepEqual((await handle.look()).jobs, [{ i: 0 }, { i: 1 }, { i: 2 }]);
    });

    test("has connections that go on after a sleep", async () => {
      const handle = clients[0].sample.getOrCreate(["connection"]);
      const connection = handle.connect();
      const first = nextEvent(connection, "count");
      assert.equal(await connection.add(1), 1);
      assert.deepEqual(await first, [1]);
      await handle.nap();
      await asleep(await handle.resolve());
      const second = nextEvent(connection, "count");
      assert.equal(await connection.add(1), 2);
      assert.deepEqual(await second, [2]);
      assert.equal((await handle.look()).wakes, 2);
      await connection.dispose();
    });

    test("speaks HTTP and WebSocket itself", async () => {
      const handle = clients[0].sample.getOrCreate(["raw"]);
      const id = await handle.resolve();
      const response = await fetch(`${engine.url}/gateway/${id}/request/x`, { method: "POST", body: "sent" });
      assert.deepEqual(await response.json(), { method: "POST", body: "sent" });
      const socket = new WebSocket(`${engine.url.replace("http", "ws")}/gateway/${id}/websocket/x`, ["rivet"]);
      await once(socket, "open");
      socket.send("before");
      assert.equal((await once(socket, "message"))[0].toString(), "1:before");
      await handle.nap();
      await asleep(id);
      socket.send("after");
      assert.equal((await once(socket, "message"))[0].toString(), "2:after");
      socket.close();
    });

    test("destroys actors", async () => {
      const handle = clients[0].sample.getOrCreate(["gone"]);
      await handle.add(1);
      const id = await handle.resolve();
      await handle.end();
      await eventually(async () => {
        const { body } = await engine.api(`/actors?namespace=default&actor_ids=${id}&include_destroyed=true`);
        return body.actors[0]?.destroy_ts;
      });
    });

    test("goes on in the next process, with what it saved", async () => {
      const handle = clients[0].sample.getOrCreate(["moves"]);
      assert.equal(await handle.add(7), 7);
      await app.kill();
      app = await App.connect("versions", engine, { RIVETKIT: rivetkit });
      assert.equal((await handle.look()).count, 7);
    });
  });
}
