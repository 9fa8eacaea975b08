// The app under both engines; RIVET_ENDPOINT says which.
import { actor, setup } from "rivetkit";
import { db } from "rivetkit/db";

const counter = actor({
  state: { count: 0 },
  options: { sleepTimeout: 60_000 },
  actions: {
    increment: (c, by) => (c.state.count += by),
    sleep: (c) => c.sleep(),
  },
});

/** Falls asleep as soon as it is left alone. */
const sleeper = actor({ state: { count: 0 }, options: { sleepTimeout: 100 }, actions: { touch: (c) => (c.state.count += 1) } });

const rows = actor({
  state: {},
  db: db({ onMigrate: (d) => d.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v TEXT)") }),
  actions: { insert: (c, v) => c.db.execute("INSERT INTO t (v) VALUES (?)", v).then(() => true) },
});

const registry = setup({ use: { counter, sleeper, rows }, startServices: false });
await registry.startAndWait();
console.log("ready");
