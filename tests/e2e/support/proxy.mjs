// A TCP proxy whose connections can be cut.
import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Proxy {
  /** In front of 127.0.0.1:`port`. */
  static async start(port) {
    const proxy = new Proxy();
    proxy.pairs = new Set();
    proxy.server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      const pair = [near, far];
      proxy.pairs.add(pair);
      for (const [from, to] of [pair, [far, near]]) {
        from.setNoDelay(true);
        from.on("error", () => {});
        from.on("close", () => {
          to.destroy();
          proxy.pairs.delete(pair);
        });
        from.pipe(to);
      }
    });
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  /** Resets every connection. */
  cut() {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  close() {
    this.server.close();
    this.cut();
  }
}
