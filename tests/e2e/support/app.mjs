// Runs a RivetKit app of tests/e2e/apps as a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventually } from "./engine.mjs";

export class App {
  /** `name`: file in apps/ without ".mjs"; `ready` in its output says that it has started. */
  static async start(name, env = {}) {
    const app = new App();
    app.log = "";
    app.child = spawn(process.execPath, [fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url))], {
      env: { ...process.env, RIVET_RUN_SERVICES: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    app.exited = once(app.child, "exit").then(([code, signal]) => ({ code, signal }));
    const ready = new Promise((done) => {
      for (const stream of [app.child.stdout, app.child.stderr])
        stream.on("data", (chunk) => {
          app.log += chunk;
          if (app.log.includes("ready")) done(true);
        });
    });
    if (!(await Promise.race([ready, app.exited.then(() => false)]))) throw new Error(`the app ended at start:\n${app.log}`);
    return app;
  }

  /** As `start`, of an app that connects to the engine by itself; resolves once `engine` has it. */
  static async connect(name, engine, env = {}) {
    const before = new Set((await envoys(engine)).map((envoy) => envoy.envoy_key));
    const app = await App.start(name, { RIVET_ENDPOINT: engine.url, ...env });
    const entry = await eventually(async () => (await envoys(engine)).find((envoy) => !before.has(envoy.envoy_key)), 30_000);
    app.key = entry.envoy_key;
    return app;
  }

  get pid() {
    return this.child.pid;
  }

  /** The lines of its output that are JSON. */
  get notes() {
    return this.log
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  }

  /** SIGTERM; resolves with {code, signal}. */
  async stop() {
    this.child.kill("SIGTERM");
    return this.exited;
  }

  /** Leaves nothing of it, also when it has ended already. */
  async kill() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    return this.exited;
  }
}

/** Connected processes of the default pool, newest first. */
export async function envoys(engine) {
  return (await engine.api("/envoys?namespace=default&name=default")).body.envoys ?? [];
}
