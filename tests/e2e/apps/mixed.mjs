// One actor of each kind of storage, for loads that have everything at once.
import { actor, setup } from "rivetkit";
import { db } from "rivetkit/db";

/** Actors that run in this process now. */
const running = new Set();

const options = { sleepTimeout: 60_000 };

const tally = actor({
  state: { count: 0, alarms: [] },
  options,
  onWake: (c) => {
    if (running.has(c.actorId)) console.log(JSON.stringify({ twice: c.actorId }));
    running.add(c.actorId);
  },
  onSleep: (c) => {
    running.delete(c.actorId);
  },
  actions: {
    increment: async (c, by) => {
      c.state.count += by;
      await c.saveState({ immediate: true });
      c.broadcast("count", c.state.count);
      return c.state.count;
    },
    get: (c) => c.state.count,
    later: (c, ms, tag) => c.schedule.after(ms, "fire", tag),
    fire: async (c, tag) => {
      c.state.alarms.push([tag, Date.now()]);
      await c.saveState({ immediate: true });
    },
    read: (c) => ({ fired: c.state.alarms }),
  },
});

const journal = actor({
  options,
  db: db({
    onMigrate: async (db) => {
      await db.execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT, body BLOB)");
    },
  }),
  actions: {
    add: async (c, text, bytes = 0) => {
      await c.db.execute("INSERT INTO entry (text, body) VALUES (?, zeroblob(?))", text, bytes);
      const [row] = await c.db.execute("SELECT count(*) AS rows FROM entry");
      return Number(row.rows);
    },
    rows: async (c) => {
      const [row] = await c.db.execute("SELECT count(*) AS rows FROM entry");
      return Number(row.rows);
    },
    integrity: async (c) => {
      const [row] = await c.db.execute("PRAGMA integrity_check");
      return row.integrity_check;
    },
  },
});

// With "remote" the engine runs the statements.
setup({ use: { tally, journal }, sqlite: { backend: process.env.SQLITE_BACKEND ?? "local" }, startServices: false }).start();
console.log("ready");
