// An app whose actors keep everything in SQLite: rows of their own, large rows, and the state of RivetKit beside them.
import { actor, setup } from "rivetkit";
import { db } from "rivetkit/db";

const journal = actor({
  state: { writes: 0 },
  options: { sleepTimeout: 1_000 },
  db: db({
    onMigrate: async (db) => {
      await db.execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT, body BLOB)");
    },
  }),
  actions: {
    add: async (c, text) => {
      await c.db.execute("INSERT INTO entry (text) VALUES (?)", text);
      c.state.writes += 1;
      const [row] = await c.db.execute("SELECT max(id) AS id FROM entry");
      return Number(row.id);
    },
    addLarge: async (c, bytes) => {
      await c.db.execute("INSERT INTO entry (text, body) VALUES ('large', randomblob(?))", bytes);
    },
    update: (c, id, text) => c.db.execute("UPDATE entry SET text = ? WHERE id = ?", text, id),
    shrink: async (c) => {
      await c.db.execute("DELETE FROM entry WHERE text = 'large'");
      await c.db.execute("VACUUM");
    },
    summary: async (c) => {
      const [row] = await c.db.execute(
        "SELECT count(*) AS rows, coalesce(max(id), 0) AS last, coalesce(sum(length(body)), 0) AS bytes FROM entry",
      );
      const [check] = await c.db.execute("PRAGMA integrity_check");
      const [size] = await c.db.execute("PRAGMA page_count");
      return {
        rows: Number(row.rows),
        last: Number(row.last),
        bytes: Number(row.bytes),
        integrity: check.integrity_check,
        pages: Number(size.page_count),
        writes: c.state.writes,
      };
    },
    sleep: (c) => c.sleep(),
    destroy: (c) => c.destroy(),
  },
});

// With "remote" the engine runs the statements.
setup({ use: { journal }, sqlite: { backend: process.env.SQLITE_BACKEND ?? "local" } }).start();
console.log("ready");
