import { createClient } from "rivetkit/client";

export const encodings = ["bare", "cbor", "json"];

export function connect(engine, encoding = "bare", options = {}) {
  return createClient({ endpoint: engine.url, encoding, ...options });
}

/** The error that `promise` rejects with. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a failure");
}

/** Resolves with the arguments of the next event. */
export function nextEvent(conn, name) {
  return new Promise((done) => conn.once(name, (...args) => done(args)));
}
