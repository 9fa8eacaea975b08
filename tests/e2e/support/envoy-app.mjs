// Starts a RivetKit app of ../apps as a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventually } from "./engine.mjs";

export class App {
  /** Resolves once the app is connected. */
  static async start(engine, name, env = {}) {
    const app = new App();
    app.engine = engine;
    app.log = "";
    const before = new Set((await envoys(engine)).map((envoy) => envoy.envoy_key));
    app.child = spawn(process.execPath, [fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url))], {
      env: { ...process.env, RIVET_ENDPOINT: engine.url, RIVET_RUN_SERVICES: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    app.exited = once(app.child, "exit").then(([code, signal]) => ({ code, signal }));
    for (const stream of [app.child.stdout, app.child.stderr]) stream.on("data", (chunk) => (app.log += chunk));
    const entry = await eventually(async () => {
      if (app.child.exitCode !== null) throw new Error(`the app ended at start:\n${app.log}`);
      return (await envoys(engine)).find((envoy) => !before.has(envoy.envoy_key));
    }, 30_000);
    app.key = entry.envoy_key;
    return app;
  }

  async stop() {
    this.child.kill("SIGTERM");
    return this.exited;
  }

  async kill() {
    this.child.kill("SIGKILL");
    return this.exited;
  }

  async dispose() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
  }
}

/** Connected envoys, newest first. */
export async function envoys(engine) {
  return (await engine.api("/envoys?namespace=default&name=default")).body.envoys;
}
