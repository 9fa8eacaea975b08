// A process that speaks the envoy protocol and means ill. Other processes, their actors and clients must not notice.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { decodeToEnvoy, encodeToRivet } from "@rivetkit/engine-envoy-protocol";
import WebSocket from "ws";
import { App } from "./support/app.mjs";
import { connect } from "./support/client.mjs";
import { Engine, eventually } from "./support/engine.mjs";
import { torn } from "./support/torn.mjs";

const bytes = (size, fill = 0) => new Uint8Array(size).fill(fill).buffer;
const checkpoint = (actorId, generation, index) => ({ actorId, generation, index });
const running = { tag: "EventActorStateUpdate", val: { state: { tag: "ActorStateRunning", val: null } } };
const stopped = { tag: "EventActorStateUpdate", val: { state: { tag: "ActorStateStopped", val: { code: "Ok", message: null } } } };
const intent = (tag) => ({ tag: "EventActorIntent", val: { intent: { tag, val: null } } });

let engine, app, client, honest, honestId;
let serial = 0;

function makePool(pool, namespace = "default") {
  const body = { datacenters: { default: { normal: {} } } };
  return engine.api(`/runner-configs/${pool}?namespace=${namespace}`, { method: "PUT", body });
}

/** The envoy has the name of its pool. */
function envoyPath(pool, namespace = "default") {
  const query = { protocol_version: "8", namespace, envoy_key: pool, version: "1", pool_name: pool };
  return `/envoys/connect?${new URLSearchParams(query)}`;
}

class Hostile {
  /** Resolves once the engine has greeted it. It is alone in its pool. */
  static async connect(namespace = "default") {
    const hostile = new Hostile();
    hostile.pool = `hostile-${++serial}`;
    await makePool(hostile.pool, namespace);
    hostile.socket = new WebSocket(engine.url.replace("http", "ws") + envoyPath(hostile.pool, namespace), ["rivet"], { perMessageDeflate: false, maxPayload: 1 << 30 });
    hostile.received = [];
    hostile.socket.on("error", () => {});
    hostile.socket.on("message", (data) => {
      const message = decodeToEnvoy(new Uint8Array(data));
      if (message.tag === "ToEnvoyPing") hostile.say("ToRivetPong", { ts: message.val.ts });
      hostile.received.push(message);
    });
    hostile.closed = once(hostile.socket, "close").then(([code, reason]) => `${code} ${String(reason).split("#")[0]}`);
    await eventually(() => hostile.of("ToEnvoyInit").length > 0);
    return hostile;
  }

  say(tag, val) {
    this.socket.send(encodeToRivet({ tag, val }));
  }
  event(actorId, generation, index, inner) {
    this.say("ToRivetEvents", [{ checkpoint: checkpoint(actorId, generation, index), inner }]);
  }
  of(tag) {
    return this.received.filter((message) => message.tag === tag).map(({ val }) => val);
  }
  /** The answer to a request for data. */
  async ask(tag, data, more = {}) {
    const requestId = (this.requests = (this.requests ?? 0) + 1);
    this.say(tag, { requestId, data, ...more });
    const answer = await eventually(() => this.received.find((message) => message.val?.requestId === requestId));
    return answer.val.data;
  }
  kv(actorId, tag, val) {
    return this.ask("ToRivetKvRequest", { tag, val }, { actorId });
  }
  /** An actor of its own, started there: its id. */
  async actor(runs = true) {
    const { body } = await engine.api("/actors?namespace=default", {
      method: "POST",
      body: { name: "victim", key: `victim-${++serial}`, runner_name_selector: this.pool, crash_policy: "sleep" },
    });
    const id = body.actor.actor_id;
    const starts = () => this.of("ToEnvoyCommands").flat().filter((command) => command.checkpoint.actorId === id);
    await eventually(() => starts().length > 0);
    if (runs) {
      this.event(id, 1, 0n, running);
      await eventually(async () => (await engine.actor(id)).connectable_ts !== null);
    }
    return id;
  }
  /** Everything said before has been read, and the connection stands. */
  async settled() {
    const answer = await this.kv("nobody", "KvDropRequest", null);
    assert.equal(answer.tag, "KvErrorResponse");
    assert.equal(this.socket.readyState, WebSocket.OPEN);
  }
  end() {
    this.socket.terminate();
  }
}

const resident = async () => Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${engine.child.pid}/status`, "utf8"))[1]) << 10;

before(async () => {
  engine = await Engine.start();
  app = await App.connect("mixed", engine);
  client = connect(engine);
  honest = client.tally.getOrCreate(["honest"]);
  assert.equal(await honest.increment(1), 1);
  honestId = await honest.resolve();
});
after(async () => {
  await client?.dispose();
  await app?.kill();
  await engine.dispose();
});

describe("a hostile process", () => {
  let hostile, count = 1;
  before(async () => (hostile = await Hostile.connect()));
  after(() => hostile.end());

  /** Others are served as before, by the same generation. */
  async function othersAreUnharmed() {
    assert.equal(await honest.increment(1), ++count);
    assert.equal(await client.counter.getOrCreate(["bystander"]).increment(1), count - 1);
    assert.equal((await engine.actor(honestId)).error, undefined);
    assert.equal(Number((await fetch(`${engine.url}/gateway/${honestId}/health`)).headers.get("x-rivet-actor-generation")), 1);
    assert.deepEqual(app.notes, []);
  }

  test("cannot report the state of actors that run elsewhere", async () => {
    for (const generation of [0, 1, 2, 2 ** 32 - 1]) {
      for (const event of [stopped, running, intent("ActorIntentSleep"), intent("ActorIntentStop"), { tag: "EventActorSetAlarm", val: { alarmTs: 1n } }])
        hostile.event(honestId, generation, 99n, event);
      hostile.say("ToRivetAckCommands", { lastCommandCheckpoints: [checkpoint(honestId, generation, 99n)] });
    }
    await hostile.settled();
    await othersAreUnharmed();
  });

  test("may speak of actors that do not exist", async () => {
    const nobody = `${honestId.slice(0, 4)}zzzz${honestId.slice(8)}`;
    hostile.event(nobody, 1, 0n, running);
    hostile.event(nobody, 1, 1n, stopped);
    hostile.say("ToRivetAckCommands", { lastCommandCheckpoints: [checkpoint(nobody, 7, -1n), checkpoint(nobody, 7, 1n << 62n)] });
    await hostile.settled();
    assert.equal((await hostile.kv(nobody, "KvGetRequest", { keys: [bytes(1)] })).tag, "KvErrorResponse");
    const pages = await hostile.ask("ToRivetSqliteGetPagesRequest", { actorId: nobody, pgnos: Uint32Array.of(1), expectedGeneration: 1n, expectedHeadTxid: null });
    assert.equal(pages.tag, "SqliteErrorResponse");
    await othersAreUnharmed();
  });

  test("is cut off when it names something that is no actor", async () => {
    for (const say of [(other) => other.event("no id", 1, 0n, running), (other) => other.say("ToRivetAckCommands", { lastCommandCheckpoints: [checkpoint("", 1, 0n)] })]) {
      const other = await Hostile.connect();
      say(other);
      assert.equal(await other.closed, "1011 core.internal_error");
    }
    await othersAreUnharmed();
  });

  test("does not reach data of another namespace", async () => {
    const made = await engine.api("/namespaces", { method: "POST", body: { name: "elsewhere", display_name: "Elsewhere" } });
    assert.equal(made.status, 200);
    const other = await Hostile.connect("elsewhere");
    assert.equal((await other.kv(honestId, "KvDropRequest", null)).tag, "KvErrorResponse");
    assert.equal((await other.kv(honestId, "KvPutRequest", { keys: [bytes(1)], values: [bytes(1)] })).tag, "KvErrorResponse");
    const commit = { actorId: honestId, dirtyPages: [{ pgno: 1, bytes: bytes(4096) }], dbSizePages: 1, nowMs: 0n, expectedGeneration: 1n, expectedHeadTxid: null };
    assert.equal((await other.ask("ToRivetSqliteCommitRequest", commit)).tag, "SqliteErrorResponse");
    const statement = { namespaceId: made.body.namespace.namespace_id, actorId: honestId, generation: 1n, sql: "DROP TABLE entry" };
    assert.equal((await other.ask("ToRivetSqliteExecRequest", statement)).tag, "SqliteErrorResponse");
    other.end();
    await othersAreUnharmed();
  });

  test("confirms what was never sent and repeats itself in any order", async () => {
    const id = await hostile.actor();
    for (const index of [5n, 1n, 3n, 5n, -1n, 1n << 62n, 0n])
      hostile.say("ToRivetAckCommands", { lastCommandCheckpoints: [checkpoint(id, 1, index), checkpoint(id, 9, index)] });
    for (const index of [9n, 2n, 7n, 2n, -4n, 9n]) hostile.event(id, 1, index, running);
    // Of generations that are over or to come.
    for (const generation of [0, 2, 3, 2 ** 32 - 1]) hostile.event(id, generation, 1n, stopped);
    await hostile.settled();
    assert.notEqual((await engine.actor(id)).connectable_ts, null);
    hostile.event(id, 1, 10n, stopped);
    await eventually(async () => (await engine.actor(id)).connectable_ts === null);
    await othersAreUnharmed();
  });

  test("answers requests that nobody made", async () => {
    const kinds = [
      ["ToRivetResponseStart", { status: 200, headers: new Map(), body: bytes(9), stream: false }],
      ["ToRivetResponseChunk", { body: bytes(9), finish: true }],
      ["ToRivetResponseAbort", { reason: { kind: "Unknown", detail: null } }],
      ["ToRivetRequestBodyWindowUpdate", { consumedBytes: (1n << 64n) - 1n }],
      ["ToRivetRequestBodyCancel", null],
      ["ToRivetWebSocketOpen", { canHibernate: true }],
      ["ToRivetWebSocketMessage", { data: bytes(9), binary: true }],
      ["ToRivetWebSocketMessageAck", { index: 65_535 }],
      ["ToRivetWebSocketClose", { code: 1000, reason: null, hibernate: true }],
    ];
    for (let id = 0; id < 50; id++) {
      for (const [tag, val] of kinds)
        hostile.say("ToRivetTunnelMessage", { messageId: { gatewayId: bytes(4, id), requestId: bytes(4, id * 5), messageIndex: id * 1311 }, messageKind: { tag, val } });
    }
    await hostile.settled();
    await othersAreUnharmed();
  });

  test("sends pages, keys and statements beyond every limit", async () => {
    const actorId = await hostile.actor();
    const commit = (dirtyPages, more = {}) =>
      hostile.ask("ToRivetSqliteCommitRequest", { actorId, dirtyPages, dbSizePages: dirtyPages.length, nowMs: 0n, expectedGeneration: 1n, expectedHeadTxid: null, ...more });
    const page = (pgno, size = 4096) => ({ pgno, bytes: bytes(size) });
    for (const [what, answer] of [
      ["too many pages", commit(Array.from({ length: 321 }, (_, i) => page(i + 1)))],
      ["page 0", commit([page(0)])],
      ["a short page", commit([page(1, 4095)])],
      ["a long page", commit([page(1, 1 << 20)])],
      ["the same page twice", commit([page(1), page(1)])],
      ["another generation", commit([page(1)], { expectedGeneration: 2n })],
      ["no generation", commit([page(1)], { expectedGeneration: null })],
      ["another head", commit([page(1)], { expectedHeadTxid: 99n })],
      ["a segment that was never begun", hostile.ask("ToRivetSqliteCommitStageSegmentRequest", { actorId, expectedGeneration: 1n, txid: 77n, firstPgno: 1, dirtyPages: [page(1)] })],
      ["the end of a commit that was never begun", hostile.ask("ToRivetSqliteCommitFinalizeRequest", { actorId, expectedGeneration: 1n, txid: 77n, newDbSizePages: 1, nowMs: 0n, segmentFirstPgnos: Uint32Array.of(1) })],
      ["a read of too many pages", hostile.ask("ToRivetSqliteGetPagesRequest", { actorId, pgnos: Uint32Array.from({ length: 8193 }, (_, i) => i + 1), expectedGeneration: 1n, expectedHeadTxid: null })],
    ])
      assert.equal((await answer).tag, "SqliteErrorResponse", what);
    for (const [what, answer] of [
      ["a long key", hostile.kv(actorId, "KvPutRequest", { keys: [bytes(2049)], values: [bytes(1)] })],
      ["a large value", hostile.kv(actorId, "KvPutRequest", { keys: [bytes(1)], values: [bytes(131_073)] })],
      ["too many keys", hostile.kv(actorId, "KvPutRequest", { keys: Array(129).fill(bytes(1)), values: Array(129).fill(bytes(1)) })],
      ["keys without values", hostile.kv(actorId, "KvPutRequest", { keys: [bytes(1)], values: [] })],
    ])
      assert.equal((await answer).tag, "KvErrorResponse", what);
    // A database of noise is read by SQLite, which says so.
    const noise = { pgno: 1, bytes: new Uint8Array(4096).map((_, i) => (i * 167 + 13) & 255).buffer };
    const stored = await commit([noise]);
    if (stored.tag === "SqliteCommitOk") {
      const namespaceId = (await engine.api("/namespaces?name=default")).body.namespaces[0].namespace_id;
      const read = await hostile.ask("ToRivetSqliteExecRequest", { namespaceId, actorId, generation: 1n, sql: "SELECT * FROM sqlite_master" });
      assert.equal(read.tag, "SqliteErrorResponse");
    }
    await othersAreUnharmed();
  });

  test("floods the engine with events and is read no faster than the limit", async () => {
    const actorId = await hostile.actor();
    const before = await resident();
    for (let i = 0; i < 20_000; i++) hostile.event(actorId, 1, BigInt(i + 2), running);
    await othersAreUnharmed();
    await hostile.settled();
    const growth = (await resident()) - before;
    assert.ok(growth < 64 << 20, `${growth} bytes more`);
  });

  test("sends frames that are too large and is cut off", async () => {
    const other = await Hostile.connect();
    other.socket.send(new Uint8Array((64 << 20) + 1));
    assert.equal(await other.closed, "1011 core.internal_error");
    await othersAreUnharmed();
  });

  test("asks for much and reads nothing", async () => {
    const other = await Hostile.connect();
    const id = await other.actor();
    for (let i = 0; i < 8; i++) {
      const keys = Array.from({ length: 7 }, (_, k) => new Uint8Array([i, k]).buffer);
      assert.equal((await other.kv(id, "KvPutRequest", { keys, values: keys.map(() => bytes(131_072)) })).tag, "KvPutResponse");
    }
    const before = await resident();
    other.socket._socket.pause();
    // Seven MiB each.
    for (let i = 0; i < 400; i++) other.say("ToRivetKvRequest", { actorId: id, requestId: 1_000_000 + i, data: { tag: "KvListRequest", val: { query: { tag: "KvListAllQuery", val: null }, reverse: null, limit: null } } });
    for (let i = 0; i < 10; i++) await othersAreUnharmed();
    const growth = (await resident()) - before;
    assert.ok(growth < 320 << 20, `${growth} bytes more`);
    other.end();
    await othersAreUnharmed();
  });

  test("is cut at every byte of its first messages", async () => {
    await makePool("torn");
    const id = await hostile.actor();
    const frames = [
      ["ToRivetMetadata", { prepopulateActorNames: new Map([["victim", { metadata: "{}" }]]), metadata: '{"a":1}' }],
      ["ToRivetEvents", [{ checkpoint: checkpoint(id, 1, 3n), inner: running }]],
      ["ToRivetAckCommands", { lastCommandCheckpoints: [checkpoint(id, 1, 1n)] }],
      ["ToRivetKvRequest", { actorId: id, requestId: 1, data: { tag: "KvGetRequest", val: { keys: [bytes(3)] } } }],
    ].map(([tag, val]) => encodeToRivet({ tag, val }));
    const before = await resident();
    await torn(engine, { path: envoyPath("torn"), protocol: "rivet", frames });
    await othersAreUnharmed();
    const growth = (await resident()) - before;
    assert.ok(growth < 32 << 20, `${growth} bytes more`);
    await eventually(async () => (await engine.api("/envoys?namespace=default&name=torn")).body.envoys.length === 0);
  });
});
