// One actor that uses a bit of everything, on the version of RivetKit that RIVETKIT names. Prints "ready" once it is started.
const { actor, queue, setup } = await import(process.env.RIVETKIT);
const { db } = await import(`${process.env.RIVETKIT}/db`);

const sample = actor({
  state: { count: 0, wakes: 0, alarms: 0, jobs: [] },
  options: { sleepTimeout: 60_000, canHibernateWebSocket: true },
  queues: { jobs: queue() },
  db: db({
    onMigrate: async (db) => {
      await db.execute("CREATE TABLE IF NOT EXISTS entry (text TEXT)");
    },
  }),
  onWake: (c) => {
    c.state.wakes += 1;
  },
  run: async (c) => {
    for await (const message of c.queue.iter()) c.state.jobs.push(message.body);
  },
  onRequest: async (_c, request) => Response.json({ method: request.method, body: await request.text() }),
  onWebSocket: (c, websocket) => {
    websocket.addEventListener("message", (event) => websocket.send(`${c.state.wakes}:${event.data}`));
  },
  actions: {
    add: async (c, by) => {
      c.state.count += by;
      await c.saveState({ immediate: true });
      c.broadcast("count", c.state.count);
      return c.state.count;
    },
    write: async (c, text) => {
      await c.db.execute("INSERT INTO entry (text) VALUES (?)", text);
      return (await c.db.execute("SELECT text FROM entry ORDER BY rowid")).map((row) => row.text);
    },
    put: async (c, key, value) => {
      await c.kv.put(key, value);
    },
    got: (c, key) => c.kv.get(key),
    later: (c, ms) => c.schedule.after(ms, "alarm"),
    alarm: (c) => {
      c.state.alarms += 1;
    },
    nap: (c) => c.sleep(),
    end: (c) => c.destroy(),
    look: (c) => ({ ...c.state }),
  },
});

setup({ use: { sample } }).start();
console.log("ready");
