// A RivetKit app whose actor counts by itself, and says so once a count is in its database. Prints "ready" once it is
// started.
import { actor, setup } from "rivetkit";
import { db } from "rivetkit/db";

const beat = actor({
  state: { count: 0 },
  options: { sleepTimeout: 60_000 },
  // A statement ends with an error when its commit was refused; a save of the state does not always.
  db: db({ onMigrate: (db) => db.execute("CREATE TABLE IF NOT EXISTS beat (n INTEGER)") }),
  createVars: () => ({ born: `${process.pid}:${Math.random()}` }),
  onWake: (c) => void count(c),
  actions: {
    add: async (c, by) => {
      const total = (c.state.count += by);
      await c.saveState({ immediate: true });
      return total;
    },
    look: (c) => ({ count: c.state.count, born: c.vars.born, pid: process.pid }),
  },
});

async function count(c) {
  try {
    const [{ last }] = await c.db.execute("SELECT coalesce(max(n), 0) AS last FROM beat");
    for (let n = Number(last) + 1; !c.abortSignal.aborted; n++) {
      await c.db.execute("INSERT INTO beat VALUES (?)", n);
      console.log(JSON.stringify({ key: c.key[0], beat: n, born: c.vars.born }));
      await new Promise((done) => setTimeout(done, 20));
    }
  } catch {
    // This generation has lost its database: it is over.
  }
}

setup({ use: { beat } }).start();
console.log("ready");
