// A RivetKit app whose actors show what becomes of them. Prints "ready" once it is started.
import { actor, setup, UserError } from "rivetkit";

const keeper = actor({
  state: { count: 0, wakes: 0, alarms: 0 },
  options: { sleepTimeout: 60_000 },
  createVars: () => ({ born: `${process.pid}:${Math.random()}` }),
  onWake: (c) => {
    c.state.wakes += 1;
  },
  onSleep: (c) => console.log("asleep", c.actorId),
  actions: {
    add: async (c, by = 1) => {
      const count = (c.state.count += by);
      await c.saveState({ immediate: true });
      return count;
    },
    look: (c) => ({ ...c.state, born: c.vars.born, pid: process.pid, version: process.env.RIVET_ENVOY_VERSION ?? "1" }),
    nap: (c) => c.sleep(),
    later: (c, ms) => c.schedule.after(ms, "alarm"),
    alarm: (c) => {
      c.state.alarms += 1;
    },
    end: (c) => c.destroy(),
    refuse: (_c, metadata) => {
      throw new UserError("not today", { code: "refused", metadata });
    },
    fail: () => {
      throw new Error("a secret");
    },
    crash: () => process.kill(process.pid, "SIGKILL"),
  },
});

// Calls any actor, as the demo actor "boss" of the engine does.
const caller = actor({
  actions: {
    ask: (c, { name, key, action, argument }) => c.client()[name].getOrCreate([key])[action](argument),
  },
});

const registry = setup({ use: { keeper, caller } });
registry.start();
console.log("ready");
