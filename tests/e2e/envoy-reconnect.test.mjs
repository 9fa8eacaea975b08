import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { App, envoys } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";
import { Proxy } from "./support/proxy.mjs";

// RivetKit waits twice as long before each try; after a fourth cut its actors would count as lost.
const cuts = 3;
const keys = Array.from({ length: 8 }, (_, i) => `storm-${i}`);

describe("RivetKit processes whose connections break again and again", () => {
  let engine;
  let proxy;
  let apps;
  let client;

  before(async () => {
    // Requests whose answers broke off with a connection are given up a second after the next one, not a minute.
    engine = await Engine.start({ env: { RIVET__TROUPE__ENVOY_SILENCE_TIMEOUT_MS: "1000" } });
    proxy = await Proxy.start(engine.port);
    apps = [];
    for (let i = 0; i < 3; i++) apps.push(await App.connect("mixed", engine, { RIVET_ENDPOINT: proxy.url }));
    client = connect(engine);
  });
  after(async () => {
    await client?.dispose();
    for (const app of apps ?? []) await app.kill();
    proxy?.close();
    await engine?.dispose();
  });

  test("come back together, and their actors go on with everything that was acknowledged", async () => {
    const acknowledged = new Map(keys.map((key) => [key, 0]));
    let ended = false;
    let broken;
    const load = keys.map(async (key) => {
      const journal = client.journal.getOrCreate([key]);
      while (!ended) {
        try {
          const rows = await journal.add("row");
          // A second actor for the key would count on its own.
          if (rows <= acknowledged.get(key)) broken = new Error(`${key} had ${rows} rows after ${acknowledged.get(key)}`);
          acknowledged.set(key, rows);
        } catch (error) {
          // Whether it ran before the connection broke is not known; RivetKit ends an actor that cannot tell whether its rows
          // were written.
          if (!error.group) broken = error;
        }
      }
    });
    const allAnswer = async () => {
      const before = new Map(acknowledged);
      await eventually(() => keys.every((key) => acknowledged.get(key) > before.get(key)), 60_000);
    };
    await allAnswer();
    for (let i = 0; i < cuts; i++) {
      proxy.cut();
      await allAnswer();
    }
    assert.equal((await envoys(engine)).length, apps.length);
    ended = true;
    await Promise.all(load);
    assert.equal(broken, undefined);
    for (const key of keys) assert.ok((await client.journal.getOrCreate([key]).rows()) >= acknowledged.get(key));
  });
});
