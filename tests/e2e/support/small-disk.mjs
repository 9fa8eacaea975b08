// A small file system in memory that can be filled up. It is seen by the processes that are started with `prefix` only,
// and takes no rights that a user does not have where the kernel lets users make namespaces.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { open, rm } from "node:fs/promises";

const namespaces = ["--user", "--map-root-user", "--mount"];

/** Whether this machine allows it. */
export const allowed = spawnSync("unshare", [...namespaces, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

export class SmallDisk {
  /** `path` exists. */
  static async mount(path, mib) {
    const disk = new SmallDisk();
    const script = 'mount -t tmpfs -o size="$1"m tmpfs "$0" && echo mounted && exec sleep infinity';
    disk.holder = spawn("unshare", [...namespaces, "sh", "-c", script, path, String(mib)], { stdio: ["ignore", "pipe", "inherit"] });
    await once(disk.holder.stdout, "data");
    disk.filler = `/proc/${disk.holder.pid}/root${path}/filler`;
    disk.prefix = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", String(disk.holder.pid), "--"];
    return disk;
  }

  /** Until not a byte is left. */
  async fill() {
    const file = await open(this.filler, "a");
    try {
      for (let size = 1 << 20; size >= 1; ) {
        try {
          await file.write(Buffer.alloc(size));
        } catch (failure) {
          if (failure.code !== "ENOSPC") throw failure;
          size >>= 1;
        }
      }
    } finally {
      await file.close();
    }
  }
  async free() {
    await rm(this.filler);
  }
  /** With everything on it. */
  async unmount() {
    this.holder.kill("SIGKILL");
    await once(this.holder, "exit");
  }
}
