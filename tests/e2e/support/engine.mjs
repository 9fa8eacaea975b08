// Starts the real daemon on a free port with a data directory of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const binary = resolve(process.env.TROUPE_BINARY ?? fileURLToPath(new URL("../../../build/release/troupe", import.meta.url)));

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export class Engine {
  static async start(options = {}) {
    const engine = new Engine();
    engine.data = options.data ?? (await mkdtemp(join(tmpdir(), "troupe-e2e-")));
    engine.port = options.port ?? (await freePort());
    engine.args = options.args ?? [];
    engine.env = options.env ?? {};
    engine.openFiles = options.openFiles;
    /** A program and its arguments that start the daemon. */
    engine.prefix = options.prefix;
    await engine.launch();
    return engine;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async launch() {
    this.metricsPort ??= await freePort();
    this.spawn();
    await this.waitReady();
  }

  spawn() {
    this.log = "";
    const command = [...(this.prefix ?? []), binary, "start", "--demo", ...this.args];
    if (this.openFiles) command.unshift("sh", "-c", `ulimit -n ${this.openFiles}; exec "$0" "$@"`);
    this.child = spawn(command[0], command.slice(1), {
      cwd: this.data,
      env: {
        ...process.env,
        RIVET__GUARD__HOST: "127.0.0.1",
        RIVET__GUARD__PORT: String(this.port),
        RIVET__METRICS__HOST: "127.0.0.1",
        RIVET__METRICS__PORT: String(this.metricsPort ?? 0),
        RIVET__FILE_SYSTEM__PATH: join(this.data, "data"),
        ...this.env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.child, "exit").then(([code, signal]) => ({ code, signal }));
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (chunk) => (this.log += chunk));
  }

  async waitReady() {
    const deadline = Date.now() + 15_000;
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`the engine ended at start:\n${this.log}`);
      try {
        // Leaves no connection behind.
        const response = await fetch(`${this.url}/health`, { headers: { connection: "close" } });
        if (response.ok && (await response.json()).runtime === "engine") return;
      } catch {
        // Not listening yet.
      }
      if (Date.now() > deadline) throw new Error(`the engine is not ready:\n${this.log}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** SIGTERM; resolves with {code, signal}. */
  async stop() {
    this.child.kill("SIGTERM");
    return this.exited;
  }

  async kill() {
    this.child.kill("SIGKILL");
    return this.exited;
  }

  async restart() {
    await this.launch();
  }

  async dispose() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill("SIGKILL");
      await this.exited;
    }
    await rm(this.data, { recursive: true, force: true });
  }

  /** JSON of a management route: {status, headers, body}. */
  async api(path, init = {}) {
    const body = init.body === undefined ? undefined : JSON.stringify(init.body);
    const headers = { ...(body === undefined ? {} : { "content-type": "application/json" }), ...init.headers };
    const response = await fetch(this.url + path, { ...init, body, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text && JSON.parse(text) };
  }

  /** The text of the metrics page. */
  async metrics() {
    return (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
  }

  /** The actor as the management API shows it. */
  async actor(id) {
    const { body } = await this.api(`/actors?namespace=default&actor_ids=${id}`);
    return body.actors[0];
  }
}

/** Polls, after `pause` ms each, until `check` gives something truthy; fails after `limit` ms. */
export async function eventually(check, limit = 10_000, pause = 25) {
  const deadline = Date.now() + limit;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`did not happen within ${limit} ms: ${check}`);
    await new Promise((done) => setTimeout(done, pause));
  }
}
