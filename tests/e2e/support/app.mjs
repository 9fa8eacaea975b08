// Runs a RivetKit app of tests/e2e/apps as a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export class App {
  /** `name`: file in apps/ without ".mjs"; `ready` in its output says that it has started. */
  static async start(name, env = {}) {
    const app = new App();
    app.log = "";
    app.child = spawn(process.execPath, [fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url))], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    app.exited = once(app.child, "exit");
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

  /** The lines of its output that are JSON. */
  get notes() {
    return this.log
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  }

  async kill(signal = "SIGKILL") {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    await this.exited;
  }
}
