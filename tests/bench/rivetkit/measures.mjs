// What is measured on each side. A measure runs once for each round and gives numbers by name.
import { until } from "./engines.mjs";

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

let fresh = 0;
const freshKey = (what) => [`${what}-${process.pid}-${++fresh}`];

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Median of `count` calls, one after the other, in ms. */
async function latency(count, call) {
  const times = [];
  for (let i = 0; i < count; ++i) times.push(await timed(() => call(i)));
  return median(times);
}

/** Calls per second with so many in flight. */
async function rate(inFlight, ms, call) {
  let done = 0;
  const end = performance.now() + ms;
  const lane = async (n) => {
    while (performance.now() < end) {
      await call(n);
      ++done;
    }
  };
  const took = await timed(() => Promise.all(Array.from({ length: inFlight }, (_, n) => lane(n))));
  return { perSecond: (done / took) * 1_000, done };
}

async function withCpu(side, work) {
  const before = await side.cpuSeconds();
  const { perSecond, done } = await work();
  const micros = ((await side.cpuSeconds()) - before) * 1e6;
  return { perSecond, cpu: micros / done };
}

const lanes = 16;
const atRestMs = 30_000;

async function httpActions(side, ms, handles) {
  await Promise.all(handles.map((handle) => handle.increment(1)));
  const p50 = await latency(100, () => handles[0].increment(1));
  const { perSecond, cpu } = await withCpu(side, () => rate(lanes, ms, (n) => handles[n].increment(1)));
  return { p50, perSecond, cpu };
}

export const measures = {
  "HTTP action by id": {
    units: { p50: "ms", perSecond: "/s", cpu: "µs of the engine" },
    goals: { p50: "≤ 1/15", perSecond: "≥ 20", cpu: "≤ 60 µs" },
    async run(side, ms) {
      const keyed = Array.from({ length: lanes }, () => side.client.counter.getOrCreate(freshKey("id")));
      const ids = await Promise.all(keyed.map((handle) => handle.resolve()));
      return httpActions(side, ms, ids.map((id) => side.client.counter.getForId(id)));
    },
  },
  "HTTP action by key": {
    units: { p50: "ms", perSecond: "/s", cpu: "µs of the engine" },
    goals: { p50: "≤ 1/15", perSecond: "≥ 20" },
    run: (side, ms) => httpActions(side, ms, Array.from({ length: lanes }, () => side.client.counter.getOrCreate(freshKey("key")))),
  },
  "WebSocket action": {
    units: { p50: "ms", perSecond: "/s", cpu: "µs of the engine" },
    goals: { p50: "≤ 1/15", perSecond: "≥ 8" },
    async run(side, ms) {
      const connection = side.client.counter.getOrCreate(freshKey("ws")).connect();
      await connection.increment(1);
      const p50 = await latency(50, () => connection.increment(1));
      const { perSecond, cpu } = await withCpu(side, () => rate(lanes, ms, () => connection.increment(1)));
      await connection.dispose();
      return { p50, perSecond, cpu };
    },
  },
  "create + first action": {
    units: { p50: "ms" },
    goals: { p50: "≤ 1/6" },
    run: async (side) => ({ p50: await latency(20, () => side.client.counter.getOrCreate(freshKey("new")).increment(1)) }),
  },
  "wake + first action": {
    units: { p50: "ms" },
    goals: { p50: "≤ 1/4" },
    async run(side) {
      const handle = side.client.counter.getOrCreate(freshKey("wake"));
      await handle.increment(1);
      const id = await handle.resolve();
      const asleep = async () => {
        const { actors } = await side.api(`/actors?namespace=default&actor_ids=${id}`);
        return actors[0].sleep_ts !== null;
      };
      const times = [];
      for (let i = 0; i < 10; ++i) {
        await handle.sleep();
        await until(asleep);
        // Until the actor has really gone the request would wait for its end.
        await new Promise((done) => setTimeout(done, 200));
        times.push(await timed(() => handle.increment(1)));
      }
      return { p50: median(times) };
    },
  },
  "SQLite insert": {
    units: { perSecond: "/s", p50: "ms" },
    goals: { perSecond: "≥ 3" },
    async run(side, ms) {
      const handles = Array.from({ length: lanes }, () => side.client.rows.getOrCreate(freshKey("rows")));
      await Promise.all(handles.map((handle) => handle.insert("x")));
      const p50 = await latency(50, () => handles[0].insert("x"));
      const { perSecond } = await rate(lanes, ms, (n) => handles[n].insert("some text of a row"));
      return { perSecond, p50 };
    },
  },
  "500 created and called at once": {
    units: { seconds: "s", failed: "failed" },
    goals: { failed: "0" },
    async run(side) {
      let failed = 0;
      const call = () => side.client.counter.getOrCreate(freshKey("burst")).increment(1).catch(() => ++failed);
      const took = await timed(() => Promise.all(Array.from({ length: 500 }, call)));
      return { seconds: took / 1_000, failed };
    },
  },
};

/** Bytes of the engine for each actor that sleeps. */
export async function sleepingActors(side, count) {
  const before = await side.residentBytes();
  const batch = 100;
  for (let i = 0; i < count; i += batch)
    await Promise.all(Array.from({ length: batch }, () => side.client.sleeper.getOrCreate(freshKey("asleep")).touch()));
  await until(async () => {
    const { envoys } = await side.api("/envoys?namespace=default");
    return envoys.every(({ slots }) => slots < 20);
  });
  // Half a minute after its last work an engine has emptied its caches, which are bounded.
  await new Promise((done) => setTimeout(done, atRestMs));
  return ((await side.residentBytes()) - before) / count;
}
