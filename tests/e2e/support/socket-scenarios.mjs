// What clients do with an engine whose socket calls fail: `run` once, and whether what it was told is true: `check`. A
// run whose connections break rejects; a false answer is an AssertionError.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import WebSocket from "ws";
import { connect } from "./client.mjs";
import { eventually } from "./engine.mjs";
import { byKey, PlainSocket, request } from "./plain.mjs";

/** The JSON of an answer with `status`; an engine that could not read its request says so. */
function told(answer, status = 200) {
  if (answer.status >= 500) throw new Error(answer.text);
  assert.equal(answer.status, status, answer.text);
  return JSON.parse(answer.text);
}

class Scenario {
  tried = 0;
  key = "it";
  constructor(engine) {
    this.engine = engine;
  }
  async act(kind, name, args = [], options = {}) {
    const answer = await request(this.engine, `/gateway/${kind}/action/${name}?${byKey(this.key)}`, { json: { args }, ...options });
    return told(answer).output;
  }
  async idOf(kind, action) {
    const { headers } = await request(this.engine, `/gateway/${kind}/action/${action}?${byKey(this.key)}`, { json: { args: [] } });
    return headers["x-rivet-actor"];
  }
  async inspect(id, what) {
    const { value } = told(await request(this.engine, `/actors/${id}/kv/keys/Aw==?namespace=default`, { method: "GET" }));
    const headers = { authorization: `Bearer ${Buffer.from(value, "base64")}` };
    return told(await request(this.engine, `/gateway/${id}/inspector/${what}`, { method: "GET", headers }));
  }
}

/** Several on one connection, of amounts that are told apart. */
export class Calls extends Scenario {
  told = [];
  async run() {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (let i = 0; i < 3; i++) {
        const amount = ++this.tried;
        assert.ok((await this.act("account", "deposit", [amount], { agent })) >= amount);
        this.told.push(amount);
      }
    } finally {
      agent.destroy();
    }
  }
  async check() {
    const { balance, log } = await this.act("account", "read");
    const amounts = log.map(([, amount]) => amount);
    assert.equal(new Set(amounts).size, amounts.length, "a deposit was made twice");
    assert.equal(balance, amounts.reduce((sum, amount) => sum + amount, 0));
    for (const amount of this.told) assert.ok(amounts.includes(amount), `deposit ${amount} was acknowledged and is lost`);
    this.told = [];
  }
}

const crowd = 4;

/** The values of all, or the worst of what is wrong; the rest of them is awaited. */
async function together(promises) {
  const answers = await Promise.allSettled(promises);
  const failures = answers.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  if (failures.length > 0) throw failures.find((failure) => failure instanceof assert.AssertionError) ?? failures[0];
  return answers.map(({ value }) => value);
}

/** Clients that all come at the same time. */
export class Crowd extends Scenario {
  lost = 0;
  async run() {
    this.tried += crowd;
    const one = async () => {
      this.lost += 1;
      const count = await this.act("counter", "increment", [1]);
      this.lost -= 1;
      return count;
    };
    const counts = await together(Array.from({ length: crowd }, one));
    assert.equal(new Set(counts).size, crowd);
  }
  async check() {
    const count = await this.act("counter", "get");
    assert.ok(count >= this.tried - this.lost && count <= this.tried, `${count} of ${this.tried}, ${this.lost} not answered`);
  }
}

/** The same on the port of the metrics. */
export class Scrapes extends Scenario {
  async run() {
    const metrics = { url: `http://127.0.0.1:${this.engine.metricsPort}` };
    const pages = await together(Array.from({ length: crowd }, () => request(metrics, "/metrics", { method: "GET" })));
    for (const { status, text } of pages) assert.ok(status === 200 && text.includes("troupe_connections"));
  }
  async check() {}
}

/** A body in pieces, which comes back as a whole. */
export class Upload extends Scenario {
  last = 0;
  async run() {
    this.tried += 1;
    const pieces = [1000, 1, 20_000].map((size, i) => `${i}`.repeat(size));
    const answer = await request(this.engine, `/gateway/raw/request/echo?${byKey(this.key)}`, { pieces });
    assert.equal(told(answer, 207).body, pieces.join(""));
    this.last = Number(answer.headers["x-hits"]);
  }
  async check() {
    const hits = await this.act("raw", "hits");
    assert.ok(hits >= this.last && hits <= this.tried, `${hits} requests, ${this.last} answered, ${this.tried} tried`);
  }
}

/** An answer in pieces. */
export class Download extends Scenario {
  async run() {
    const answer = await request(this.engine, `/gateway/raw/request/stream?${byKey(this.key)}`, { method: "GET" });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, "part0\npart1\npart2\npart3\npart4\n");
  }
  async check() {
    await this.act("raw", "hits");
  }
}

/** Actions over a WebSocket to `/connect`, and an event for each; `asleep`: the actor sleeps in between. */
export class Connection extends Scenario {
  told = 0;
  constructor(engine, kind = "counter", asleep = false) {
    super(engine);
    Object.assign(this, { kind, asleep, key: "connected" });
  }
  async prepare() {
    this.id = await this.idOf(this.kind, "get");
  }
  async run() {
    const socket = await PlainSocket.open(this.engine, `/gateway/${this.id}/connect`, ["rivet", "rivet_encoding.json"]);
    try {
      const next = async () => JSON.parse(await socket.next()).body;
      const send = (tag, val) => socket.send(JSON.stringify({ body: { tag, val } }));
      assert.equal((await next()).tag, "Init");
      send("SubscriptionRequest", { eventName: "count", subscribe: true });
      for (let id = 1; id <= 2; id++) {
        this.tried += 1;
        send("ActionRequest", { id, name: "increment", args: [1] });
        const answers = [await next(), await next()];
        const { val } = answers.find(({ tag }) => tag === "ActionResponse");
        assert.equal(Number(val.id[1]), id);
        assert.ok(val.output > this.told && val.output <= this.tried, `${val.output} after ${this.told}`);
        this.told = val.output;
        assert.deepEqual(answers.find(({ tag }) => tag === "Event").val.args, [val.output]);
        if (this.asleep && id === 1) told(await request(this.engine, `/actors/${this.id}/sleep?namespace=default`, { json: {} }));
      }
      assert.equal((await socket.close()).code, 1000);
    } finally {
      socket.socket.terminate();
    }
  }
  async check() {
    const count = await this.act(this.kind, "get");
    assert.ok(count >= this.told && count <= this.tried, `${count}, acknowledged ${this.told}, tried ${this.tried}`);
  }
  /** Nobody is connected to the actor. */
  async left() {
    return (await this.inspect(this.id, "connections")).connections.length === 0;
  }
}

/** A WebSocket of the actor's own. */
export class RawSocket extends Scenario {
  async run() {
    const socket = await PlainSocket.open(this.engine, `/gateway/raw/websocket/x?${byKey(this.key)}`, ["rivet"]);
    try {
      assert.equal(await socket.next(), "hello");
      for (const text of ["a", "b".repeat(20_000)]) {
        socket.send(text);
        assert.equal(await socket.next(), text);
      }
      socket.send("bye");
      assert.deepEqual(await socket.ended(), { code: 4001, reason: "asked" });
    } finally {
      socket.socket.terminate();
    }
  }
  async check() {
    await this.act("raw", "hits");
  }
}

/** Messages of a queue, one that waits for its answer among them. */
export class Queue extends Scenario {
  told = [];
  async run() {
    for (const name of ["post", "ask"]) {
      const i = this.tried++;
      const wait = name === "ask";
      const answer = told(await request(this.engine, `/gateway/ledger/queue/${name}?${byKey(this.key)}`, { json: { body: { i }, wait } }));
      if (wait) assert.deepEqual(answer.response, { double: 2 * i });
      this.told.push(i);
    }
  }
  async check() {
    // One that is answered has all before it behind itself.
    const i = this.tried++;
    told(await request(this.engine, `/gateway/ledger/queue/ask?${byKey(this.key)}`, { json: { body: { i }, wait: true } }));
    const { order } = await this.act("ledger", "read");
    assert.equal(new Set(order).size, order.length, "a message was applied twice");
    assert.ok(order.every((each, at) => at === 0 || each > order[at - 1]), "a message overtook another one");
    for (const each of this.told) assert.ok(order.includes(each), `message ${each} was acknowledged and is lost`);
    this.told = [];
  }
}

/** An actor's life through the management API. */
export class Management extends Scenario {
  async run() {
    this.id = null;
    this.gone = false;
    const key = `${++this.tried}`;
    const make = { name: "counter", key, runner_name_selector: "default", crash_policy: "sleep" };
    const { actor, created } = told(await request(this.engine, "/actors?namespace=default", { method: "PUT", json: make }));
    assert.equal(created, true);
    this.id = actor.actor_id;
    const { actors } = told(await request(this.engine, `/actors?namespace=default&name=counter&key=${key}`, { method: "GET" }));
    assert.deepEqual(actors.map(({ actor_id }) => actor_id), [this.id]);
    if (this.tried % 2 === 0) return;
    told(await request(this.engine, `/actors/${this.id}?namespace=default`, { method: "DELETE" }));
    this.gone = true;
  }
  async check() {
    const { actors } = told(await request(this.engine, `/actors?namespace=default&name=counter&key=${this.tried}`, { method: "GET" }));
    assert.ok(actors.length <= 1);
    if (this.gone) assert.equal(actors.length, 0, "a destroyed actor has its key");
    else if (this.id && this.tried % 2 === 0) assert.equal(actors[0]?.actor_id, this.id, "a created actor is lost");
  }
}

/** A request of the engine to somebody else. */
export class Outbound extends Scenario {
  async prepare() {
    this.endpoint = http.createServer((_, response) => {
      response.setHeader("content-type", "application/json");
      response.write('{"runtime":"rivetkit","version":"2.3.19",');
      response.end('"envoyProtocolVersion":8,"actorNames":{}}');
    });
    this.endpoint.listen(0, "127.0.0.1");
    await once(this.endpoint, "listening");
    this.url = `http://127.0.0.1:${this.endpoint.address().port}`;
  }
  async run() {
    const path = "/runner-configs/serverless-health-check?namespace=default";
    const { success, failure } = told(await request(this.engine, path, { json: { url: this.url } }));
    if (failure) throw new Error(JSON.stringify(failure));
    assert.deepEqual(success, { version: "2.3.19" });
  }
  async check() {}
  async end() {
    this.endpoint.closeAllConnections();
    this.endpoint.close();
  }
}

/** The published client, whose connection comes back by itself; one that could not be opened is made anew. */
export class Published extends Scenario {
  told = 0;
  async prepare() {
    // Node's own tells nobody of a connection that breaks before the socket is open.
    globalThis.WebSocket = WebSocket;
    process.env.RIVET_LOG_LEVEL = "silent";
  }
  async run() {
    const client = connect(this.engine, "bare", { disableMetadataLookup: true });
    let connection;
    let heard = 0;
    try {
      for (let i = 0; i < 2; i++) {
        // An event that was under way when the connection broke is lost; the next one comes.
        await eventually(async () => {
          if (!connection || connection.connStatus === "idle") {
            connection = client.counter.getOrCreate([this.key]).connect();
            connection.on("count", (count) => (heard = count));
          }
          this.tried += 1;
          const count = await connection.increment(1).catch(() => 0);
          if (count === 0) return false;
          assert.ok(count > this.told && count <= this.tried, `${count} after ${this.told}`);
          this.told = count;
          return heard > 0;
        });
      }
    } finally {
      await client.dispose();
    }
  }
  async check() {
    const count = await this.act("counter", "get");
    assert.ok(count >= this.told && count <= this.tried, `${count}, acknowledged ${this.told}, tried ${this.tried}`);
  }
}

/** Actors in a process of RivetKit; `kinds`: of those of the app "mixed". */
export class Hosted extends Scenario {
  constructor(engine, kinds = ["tally", "journal"]) {
    super(engine);
    this.kinds = kinds;
    this.begin(kinds.join());
  }
  /** With actors of another key. */
  begin(key) {
    Object.assign(this, { key, tried: 0, told: { tally: 0, journal: 0 } });
  }
  async run() {
    this.tried += 1;
    for (const kind of this.kinds) {
      const count = await (kind === "tally" ? this.act("tally", "increment", [1]) : this.act("journal", "add", ["row"]));
      assert.ok(count > this.told[kind] && count <= this.tried, `${kind}: ${count} after ${this.told[kind]}, tried ${this.tried}`);
      this.told[kind] = count;
    }
  }
  async check() {
    for (const kind of this.kinds) {
      const count = await eventually(() => this.act(kind, kind === "tally" ? "get" : "rows").catch(() => false), 30_000);
      assert.ok(count >= this.told[kind] && count <= this.tried, `${kind}: ${count}, acknowledged ${this.told[kind]}, tried ${this.tried}`);
    }
  }
}
