// Connections that end in the middle: requests and WebSockets cut after each of their bytes.
import { once } from "node:events";
import { connect as connectTcp } from "node:net";

/** How many connections are torn at a time. */
const together = 16;

/** The bytes of a frame of a client. */
function masked(payload, opcode) {
  const head = payload.length < 126 ? [payload.length | 0x80] : [126 | 0x80, payload.length >> 8, payload.length & 255];
  // A mask of zeros is one as well.
  return Buffer.concat([Buffer.from([0x80 | opcode, ...head, 0, 0, 0, 0]), payload]);
}

/** Sends `size` bytes and resets the connection; `upgraded`: what comes behind that many bytes waits for the 101. */
async function cut(port, bytes, size, upgraded) {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  if (upgraded !== undefined && size > upgraded) {
    socket.write(bytes.subarray(0, upgraded));
    await once(socket, "data");
    socket.write(bytes.subarray(upgraded, size));
  } else {
    socket.write(bytes.subarray(0, size));
  }
  // Lets the bytes leave before the reset.
  await new Promise((done) => setImmediate(done));
  socket.resetAndDestroy();
}

async function cutEverywhere(port, bytes, upgraded) {
  let next = 1;
  const workers = Array.from({ length: together }, async () => {
    while (next < bytes.length) await cut(port, bytes, next++, upgraded);
  });
  await Promise.all(workers);
}

/** A request, cut after each of its bytes but the last. */
export function tornRequest(engine, text) {
  return cutEverywhere(engine.port, Buffer.from(text));
}

/** The upgrade of a WebSocket and its first frames, cut after each byte. */
export function torn(engine, { path, protocol, frames, opcode = 2 }) {
  const head = Buffer.from(
    `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
      `sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: ${protocol}\r\n\r\n`,
  );
  const all = frames.map((frame) => masked(Buffer.from(frame), opcode));
  return cutEverywhere(engine.port, Buffer.concat([head, ...all]), head.length);
}
