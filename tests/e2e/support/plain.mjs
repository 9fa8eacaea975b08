// Requests and WebSockets on connections of their own, that are made once and never again by themselves.
import { once } from "node:events";
import http from "node:http";
import WebSocket from "ws";

export const byKey = (key) => `rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=${key}`;

/** {status, headers, text}; `pieces` are written one by one, and `json` as a whole. Rejects when the connection breaks. */
export async function request(engine, path, { method = "POST", json, pieces, headers = {}, agent = false } = {}) {
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const sending = http.request(engine.url + path, { method, headers: { "x-rivet-encoding": "json", ...type, ...headers }, agent });
  for (const piece of pieces ?? []) sending.write(piece);
  sending.end(json === undefined ? undefined : JSON.stringify(json));
  const [response] = await once(sending, "response");
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

/** A WebSocket whose messages are awaited one after the other. */
export class PlainSocket {
  messages = [];
  static async open(engine, path, protocols) {
    const plain = new PlainSocket();
    const socket = new WebSocket(engine.url.replace("http", "ws") + path, protocols);
    plain.socket = socket;
    plain.closed = once(socket, "close").then(([code, reason]) => ({ code, reason: String(reason) }));
    socket.on("error", () => {});
    socket.on("message", (data) => {
      plain.messages.push(String(data));
      socket.emit("came");
    });
    await Promise.race([once(socket, "open"), plain.broken()]);
    return plain;
  }
  /** The Close frame. */
  async ended() {
    const { code } = await this.closed;
    return code === 1006 ? this.broken() : this.closed;
  }
  async broken() {
    const { code, reason } = await this.closed;
    throw new Error(`the socket was closed with ${code} ${reason}`);
  }
  send(text) {
    this.socket.send(text);
  }
  async next() {
    while (this.messages.length === 0) await Promise.race([once(this.socket, "came"), this.broken()]);
    return this.messages.shift();
  }
  async close() {
    this.socket.close(1000);
    return this.ended();
  }
}
