// Work on every surface of the engine at once, that remembers what it was told and checks it afterwards.
import assert from "node:assert/strict";
import { once } from "node:events";
import WebSocket from "ws";
import { connect } from "./client.mjs";
import { eventually } from "./engine.mjs";

/** The count of an actor: `told` by its answers, at most `tried`. */
class Count {
  told = 0;
  tried = 0;
  constructor(kind, key, { add = "increment", get = "get" } = {}) {
    Object.assign(this, { kind, key, add, get });
  }
  get name() {
    return `${this.kind} ${this.key}`;
  }
  async step({ client, options }) {
    this.tried += 1;
    this.told = Math.max(this.told, await this.of(client, options)[this.add](1));
  }
  of(client, options) {
    return client[this.kind].getOrCreate([this.key], options);
  }
  async check({ client }) {
    const count = await this.of(client)[this.get]();
    assert.ok(count >= this.told, `${this.name}: ${count}, and ${this.told} was acknowledged`);
    assert.ok(count <= this.tried, `${this.name}: ${count} after ${this.tried} tries`);
  }
}

/** Rows of a database; `add` answers how many there are. */
class Rows extends Count {
  constructor(kind, key, rows) {
    super(kind, key, { get: rows });
  }
  async step({ client, options }) {
    this.tried += 1;
    this.told = Math.max(this.told, await this.of(client, options).add(`row ${this.tried}`, this.tried % 2000));
  }
  async check({ client }) {
    const found = await this.of(client)[this.get]();
    const count = Array.isArray(found) ? found.length : found;
    assert.ok(count >= this.told, `${this.name}: ${count} rows, and ${this.told} were acknowledged`);
    assert.ok(count <= this.tried, `${this.name}: ${count} rows after ${this.tried} tries`);
    assert.equal(await this.of(client).integrity(), "ok", this.name);
  }
}

/** Two things in one state that belong together. */
class Balance extends Count {
  constructor(key) {
    super("account", key, { add: "deposit" });
  }
  async check({ client }) {
    const { balance, log } = await this.of(client).read();
    assert.ok(balance >= this.told, `${this.name}: ${balance}, and ${this.told} was acknowledged`);
    assert.ok(balance <= this.tried, `${this.name}: ${balance} after ${this.tried} tries`);
    assert.equal(balance, log.length, `${this.name}: half a change`);
  }
}

class Entries {
  told = new Set();
  tried = 0;
  constructor(key) {
    this.key = key;
  }
  get name() {
    return `store ${this.key}`;
  }
  async step({ client, options }) {
    // Few enough that a list answers them all.
    const key = `${this.tried++ % 500}`;
    await client.store.getOrCreate([this.key], options).put(key, `value ${key}`);
    this.told.add(key);
  }
  async check({ client }) {
    const entries = new Map(await client.store.getOrCreate([this.key]).list(""));
    for (const key of this.told) assert.equal(entries.get(key), `value ${key}`, `${this.name}: entry ${key}`);
  }
}

/** Messages: each is applied at most once, and once it was acknowledged exactly once, in order. */
class Messages {
  told = new Set();
  tried = 0;
  constructor(key) {
    this.key = key;
  }
  get name() {
    return `ledger ${this.key}`;
  }
  async step({ client, options }) {
    await this.send(client, options);
  }
  async send(client, options) {
    const i = this.tried++;
    // Every other one waits for its answer: effect and completion are one.
    const wait = i % 2 === 1;
    const answer = await client.ledger.getOrCreate([this.key], options).send(wait ? "ask" : "post", { i }, { wait, ...options });
    if (wait) assert.deepEqual(answer.response, { double: 2 * i });
    this.told.add(i);
  }
  async check({ client, engine }) {
    // A handler that has failed with its storage starts again at the next wake.
    const id = await client.ledger.getOrCreate([this.key]).resolve();
    await engine.api(`/actors/${id}/sleep?namespace=default`, { method: "POST", body: {} });
    // What lies in the queue is older than one that is answered.
    this.tried += this.tried % 2 === 0 ? 1 : 0;
    await this.send(client, {});
    const { applied, order } = await client.ledger.getOrCreate([this.key]).read();
    assert.equal(applied, order.length, this.name);
    assert.equal(new Set(order).size, order.length, `${this.name}: a message was applied twice`);
    const places = new Map(order.map((i, place) => [i, place]));
    let last = -1;
    for (const i of this.told) {
      assert.ok(places.has(i), `${this.name}: message ${i} was acknowledged and is lost`);
      assert.ok(places.get(i) > last, `${this.name}: message ${i} overtook another one`);
      last = places.get(i);
    }
    assert.ok(order.every((i) => i < this.tried), `${this.name}: a message that nobody sent`);
  }
}

/**
 * Alarms: each fires at most once, never early, and once it was acknowledged exactly once; `mayBeLost`: unless the actor
 * or its storage fails when it is due.
 */
class Alarms {
  told = new Map();
  tried = 0;
  constructor(kind, key, mayBeLost = false) {
    Object.assign(this, { kind, key, mayBeLost });
  }
  get name() {
    return `${this.kind} ${this.key}`;
  }
  async step({ client, options }) {
    const tag = this.tried++;
    const delay = Math.floor(Math.random() * 600);
    const begun = Date.now();
    await client[this.kind].getOrCreate([this.key], options).later(delay, tag);
    this.told.set(tag, begun + delay);
  }
  async check({ client }) {
    const fired = await eventually(async () => {
      const times = new Map();
      const found = await client[this.kind].getOrCreate([this.key]).read().catch(() => undefined);
      if (!found) return false;
      for (const [tag, at] of found.fired) times.set(tag, [...(times.get(tag) ?? []), at]);
      this.missing = [...this.told.keys()].filter((tag) => !times.has(tag));
      return (this.mayBeLost || this.missing.length === 0) && times;
    }, 30_000).catch((failure) => {
      assert.fail(`${this.name}: alarms ${this.missing} are lost: ${failure}`);
    });
    for (const [tag, times] of fired) {
      assert.equal(times.length, 1, `${this.name}: alarm ${tag} fired ${times.length} times`);
      assert.ok(tag < this.tried, `${this.name}: an alarm that nobody set`);
      if (this.told.has(tag)) assert.ok(times[0] >= this.told.get(tag), `${this.name}: alarm ${tag} was early`);
    }
  }
}

/** A WebSocket whose actor is put to sleep under it. */
class Socket extends Count {
  /** Sockets that ended without being asked to. */
  cut = 0;
  constructor(kind, key) {
    super(kind, key);
  }
  get name() {
    return `socket of ${this.kind} ${this.key}`;
  }
  async open({ client, engine, options }) {
    this.id ??= await this.of(client, options).resolve();
    const url = `${engine.url.replace("http", "ws")}/gateway/${this.id}/connect`;
    const socket = new WebSocket(url, ["rivet", "rivet_encoding.json"]);
    this.socket = socket;
    this.waiting = new Map();
    socket.on("message", (data) => {
      const { tag, val } = JSON.parse(data).body;
      if (tag === "ActionResponse") this.waiting.get(Number(val.id[1]))?.done(val.output);
      if (tag === "Error" && val.actionId) this.waiting.get(Number(val.actionId[1]))?.failed(Object.assign(new Error(val.message), val));
    });
    this.closed = new Promise((_, failed) => {
      socket.on("error", () => {});
      socket.on("close", (code, reason) => {
        if (this.socket === socket) {
          this.cut += 1;
          this.socket = null;
        }
        failed(new Error(`closed: ${code} ${reason}`));
      });
    });
    this.closed.catch(() => {});
    await Promise.race([once(socket, "message"), this.closed]);
  }
  async step(world) {
    if (!this.socket) await this.open(world);
    const id = ++this.tried;
    const answered = new Promise((done, failed) => this.waiting.set(id, { done, failed }));
    this.socket.send(JSON.stringify({ body: { tag: "ActionRequest", val: { id, name: this.add, args: [1] } } }));
    this.told = Math.max(this.told, await Promise.race([answered, this.closed]));
    this.waiting.delete(id);
    if (this.tried % 10 !== 0) return;
    const generation = (await world.engine.actor(this.id)).sleep_ts;
    await world.engine.api(`/actors/${this.id}/sleep?namespace=default`, { method: "POST", body: {} });
    if (this.waits) await eventually(async () => (await world.engine.actor(this.id)).sleep_ts !== generation);
  }
  async end() {
    const socket = this.socket;
    this.socket = null;
    socket?.terminate();
  }
}

/** Actors that are made, used, destroyed and made again under one key. */
class Mortal {
  tried = 0;
  gone = new Set();
  constructor(key) {
    this.key = key;
  }
  get name() {
    return `mortal ${this.key}`;
  }
  async step({ client, engine, options }) {
    const handle = client.counter.getOrCreate([this.key], options);
    const previous = this.living;
    // Until the outcome of this step is known, so is nothing.
    this.living = null;
    this.tried += 1;
    if (previous && this.tried % 3 === 0) {
      const { status } = await engine.api(`/actors/${previous.id}?namespace=default`, { method: "DELETE", ...options });
      if (status === 200) this.gone.add(previous.id);
    } else {
      const id = await handle.resolve();
      this.living = { id, count: await handle.increment(1) };
    }
  }
  async check({ client, engine }) {
    const list = `/actors?namespace=default&name=counter&key=${this.key}`;
    const { actors: live } = (await engine.api(list)).body;
    assert.ok(live.length <= 1, `${this.name}: ${live.length} live actors have the key`);
    for (const id of [...this.gone].slice(-30)) assert.ok((await engine.actor(id)).destroy_ts, `${this.name}: ${id} lives`);
    if (!this.living) return;
    assert.equal(live[0]?.actor_id, this.living.id, this.name);
    const count = await client.counter.get([this.key]).get();
    assert.ok(count >= this.living.count, `${this.name}: ${count}, and ${this.living.count} was acknowledged`);
  }
}

export const surfaces = {
  /** Of actors that run in the engine. */
  engine: (key) => [
    new Count("counter", key),
    new Balance(key),
    new Rows("notes", key, "all"),
    new Entries(key),
    new Messages(key),
    new Alarms("timer", key),
    new Socket("counter", `socket ${key}`),
    new Mortal(`mortal ${key}`),
  ],
  /**
   * Of actors of the app "mixed". `crashes`: RivetKit takes an alarm out of its table before it runs its action, so one
   * that is due in a crash may be lost.
   */
  app: (key, { crashes = false } = {}) => [
    new Count("tally", key),
    new Rows("journal", key, "rows"),
    new Alarms("tally", `alarms ${key}`, crashes),
    new Socket("tally", `socket ${key}`),
  ],
};

export class Load {
  /** `patience`: milliseconds that a request waits for its answer. */
  constructor(engine, work, patience = 60_000) {
    Object.assign(this, { engine, work, patience, failures: [] });
  }

  start() {
    this.client = connect(this.engine);
    this.running = true;
    this.workers = this.work.map(async (surface) => {
      while (this.running) {
        try {
          await surface.step({ client: this.client, engine: this.engine, options: { signal: AbortSignal.timeout(this.patience) } });
        } catch (failure) {
          // Whether this step counted is unknown.
          this.failures.push({ surface: surface.name, failure });
          if (failure instanceof assert.AssertionError) throw failure;
          await new Promise((done) => setTimeout(done, 20));
        }
      }
    });
    // Told by `stop`.
    for (const worker of this.workers) worker.catch(() => {});
  }

  /** Until each surface has tried `steps` more. */
  async progress(steps, limit = 30_000) {
    const goals = this.work.map((surface) => surface.tried + steps);
    await eventually(() => this.work.every((surface, i) => surface.tried >= goals[i]), limit).catch((failure) => {
      const stuck = this.work.filter((surface, i) => surface.tried < goals[i]).map((surface) => surface.name);
      throw new Error(`no progress of ${stuck}`, { cause: failure });
    });
  }

  /** No further steps; those under way end first. */
  async stop() {
    this.running = false;
    await Promise.all(this.workers);
    for (const surface of this.work) await surface.end?.();
    void this.client.dispose();
  }

  /** `limit`: milliseconds until everything can be asked. */
  async check(limit = 30_000) {
    const client = connect(this.engine);
    const deadline = Date.now() + limit;
    for (const surface of this.work) {
      for (;;) {
        try {
          await surface.check({ client, engine: this.engine });
          break;
        } catch (failure) {
          if (failure instanceof assert.AssertionError || Date.now() > deadline) throw failure;
          await new Promise((done) => setTimeout(done, 50));
        }
      }
    }
    void client.dispose();
  }
}
