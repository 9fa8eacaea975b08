// A RivetKit app whose actors show what becomes of them. Prints "ready" once it is started.
import { actor, setup } from "rivetkit";

const keeper = actor({
  state: { count: 0, wakes: 0, alarms: 0 },
  options: { sleepTimeout: 60_000 },
  createVars: () => ({ born: `${process.pid}:${Math.random()}` }),
  onWake: (c) => {
    c.state.wakes += 1;
  },
  actions: {
    add: async (c, by = 1) => {
      c.state.count += by;
      await c.saveState({ immediate: true });
      return c.state.count;
    },
    look: (c) => ({ ...c.state, born: c.vars.born, pid: process.pid, version: process.env.RIVET_ENVOY_VERSION ?? "1" }),
    nap: (c) => c.sleep(),
    later: (c, ms) => c.schedule.after(ms, "alarm"),
    alarm: (c) => {
      c.state.alarms += 1;
    },
    end: (c) => c.destroy(),
    crash: () => process.kill(process.pid, "SIGKILL"),
  },
});

// Calls an actor that runs inside the engine.
const caller = actor({
  state: {},
  actions: {
    ask: async (c, key, by) => {
      const client = c.client();
      return client.counter.getOrCreate([key]).increment(by);
    },
  },
});

const registry = setup({ use: { keeper, caller } });
registry.start();
console.log("ready");
