// Starts an engine and the app on it; both get their own ports and data.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "rivetkit/client";

const ticksPerSecond = 100;
const here = fileURLToPath(new URL(".", import.meta.url));

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export async function until(check, limit = 60_000) {
  const deadline = performance.now() + limit;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`did not happen within ${limit} ms: ${check}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

export class Side {
  static async start(name, command, env) {
    const side = new Side();
    side.name = name;
    side.data = await mkdtemp(join(tmpdir(), "troupe-bench-"));
    const [port, peer, metrics] = await Promise.all([freePort(), freePort(), freePort()]);
    side.url = `http://127.0.0.1:${port}`;
    side.engine = side.spawn(command, {
      RIVET__GUARD__HOST: "127.0.0.1",
      RIVET__GUARD__PORT: String(port),
      RIVET__API_PEER__HOST: "127.0.0.1",
      RIVET__API_PEER__PORT: String(peer),
      RIVET__METRICS__HOST: "127.0.0.1",
      RIVET__METRICS__PORT: String(metrics),
      RIVET__FILE_SYSTEM__PATH: join(side.data, "data"),
      ...env,
    });
    await until(() => fetch(`${side.url}/health`).then((response) => response.ok, () => false));
    side.idleBytes = await side.residentBytes();
    side.app = side.spawn([process.execPath, join(here, "counter_app.mjs")], { RIVET_ENDPOINT: side.url, RIVET_LOG_LEVEL: "error" });
    await until(() => {
      if (side.app.exitCode !== null) throw new Error(`the app ended on ${name}:\n${side.app.log}`);
      return side.app.log.includes("ready");
    });
    side.client = createClient({ endpoint: side.url });
    return side;
  }

  spawn(command, env) {
    const child = spawn(command[0], command.slice(1), { env: { ...process.env, ...env }, cwd: this.data, stdio: ["ignore", "pipe", "pipe"] });
    child.log = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (child.log = (child.log + chunk).slice(-100_000)));
    return child;
  }

  async residentBytes() {
    const status = await readFile(`/proc/${this.engine.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) * 1024;
  }

  /** User and system time of the engine so far. */
  async cpuSeconds() {
    const stat = await readFile(`/proc/${this.engine.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  async api(path, method = "GET", body) {
    const init = { method, ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}) };
    const response = await fetch(this.url + path, init);
    return response.json();
  }

  async stop() {
    await this.client.dispose();
    for (const child of [this.app, this.engine]) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    await rm(this.data, { recursive: true, force: true });
  }
}
