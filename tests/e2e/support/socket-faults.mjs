// A daemon whose socket calls fail when told to: tests/e2e/programs/socket_faults.cpp, preloaded, and the file it maps.
import { existsSync, openSync, readSync, writeSync } from "node:fs";
import { mkdtemp, readdir, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Engine, eventually } from "./engine.mjs";

const library = fileURLToPath(new URL("../../../build/release/libsocket_faults.so", import.meta.url));

export const kinds = ["accept", "recv", "send", "connect", "connected", "setsockopt", "shutdown", "epoll_add", "socket"];
const transfers = ["recv", "send"];
const waits = ["accept", ...transfers];
const modes = ["error", "one byte", "interrupted", "again"];
/** Of the words of the file, each of 64 bits. */
const words = 10;
const [first, times, mode, variant, onlyKind, sparedPort, seen, hits, hitKind, hitError] = Array.from({ length: words }, (_, i) => i);

/** Each way to disturb a call: {name, mode, variant, harmless, kinds}; one that is harmless must not be noticed by anybody. */
export const faults = [
  ...[0, 1, 2].map((variant) => ({ name: `fails in way ${variant + 1}`, mode: "error", variant, harmless: false, kinds })),
  { name: "moves one byte", mode: "one byte", variant: 0, harmless: true, kinds: transfers },
  { name: "is interrupted", mode: "interrupted", variant: 0, harmless: true, kinds: waits },
  { name: "is not ready yet", mode: "again", variant: 0, harmless: true, kinds: waits },
];
export const [failing, , , oneByte] = faults;

export class SocketFaults {
  /** Sockets of a daemon without connections: those that listen on its two ports, and its output and errors. */
  idle = 4;

  /** With an engine of its own; `options` as for that. */
  static async start(options = {}) {
    if (!existsSync(library)) throw new Error(`${library} is not there: ninja -C build/release socket_faults`);
    const data = await mkdtemp(join(tmpdir(), "troupe-e2e-"));
    const faults = new SocketFaults();
    const path = join(data, "faults");
    faults.file = openSync(path, "w+");
    writeSync(faults.file, new Uint8Array(8 * words));
    const env = { LD_PRELOAD: library, TROUPE_SOCKET_FAULTS: path, ...options.env };
    faults.engine = await Engine.start({ ...options, data, env });
    faults.spare(faults.engine.metricsPort);
    await faults.settled();
    return faults;
  }

  write(word, value) {
    writeSync(this.file, BigInt64Array.of(BigInt(value)), 0, 8, 8 * word);
  }
  read(word) {
    const value = new BigInt64Array(1);
    readSync(this.file, value, 0, 8, 8 * word);
    return Number(value[0]);
  }

  /** Connections to this port of the engine are left alone. */
  spare(port) {
    this.write(sparedPort, port);
  }
  /** From the `number`-th call on, counted from now, `count` calls are disturbed; `kind`: of this kind only. */
  arm(fault, number, count = 1, kind) {
    for (const word of [first, seen, hits]) this.write(word, 0);
    this.write(times, count);
    this.write(onlyKind, kinds.indexOf(kind));
    this.write(mode, modes.indexOf(fault.mode));
    this.write(variant, fault.variant);
    this.write(first, number);
  }
  disarm() {
    this.write(first, 0);
  }
  get hits() {
    return this.read(hits);
  }
  /** The kind of the last call that was disturbed. */
  get kind() {
    return kinds[this.read(hitKind)];
  }
  get error() {
    return this.read(hitError);
  }

  /** The sockets that the daemon holds. */
  async sockets() {
    const directory = `/proc/${this.engine.child.pid}/fd`;
    const links = await Promise.all((await readdir(directory)).map((fd) => readlink(join(directory, fd)).catch(() => "")));
    return links.filter((link) => link.startsWith("socket:")).sort();
  }
  /** Until the daemon has let go of every connection. */
  async settled(limit) {
    await eventually(async () => (await this.sockets()).length === this.idle, limit, 2).catch(async (cause) => {
      throw new Error(`${(await this.sockets()).length} sockets instead of ${this.idle}`, { cause });
    });
  }
}
