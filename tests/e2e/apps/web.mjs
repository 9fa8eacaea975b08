// Actors that speak HTTP and WebSocket themselves, in a process of RivetKit.
import { createHash } from "node:crypto";
import { actor, setup } from "rivetkit";

const steps = new Map();
/** Resolves when an action has said so for the actor. */
const step = (c) => new Promise((done) => steps.set(c.actorId, done));
const text = new TextEncoder();

// Node hands an abort on to a Request's signal only while something else still holds the Request.
const held = new Set();

const web = actor({
  state: { requests: 0, wakes: 0, aborts: 0 },
  vars: { heard: "" },
  options: { sleepTimeout: 60_000 },
  onWake: (c) => {
    c.state.wakes += 1;
  },
  onRequest: async (c, request) => {
    c.state.requests += 1;
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/request/, "");
    switch (path) {
      case "/pieces":
        return new Response(
          new ReadableStream({
            async start(controller) {
              for (let i = 0; i < 3; i++) {
                controller.enqueue(text.encode(`piece ${i}\n`));
                await step(c);
              }
              controller.close();
            },
          }),
          { status: 201, headers: { "content-type": "text/event-stream", "x-kind": "pieces" } },
        );
      case "/digest": {
        const hash = createHash("sha256");
        let size = 0;
        for await (const chunk of request.body ?? []) {
          hash.update(chunk);
          size += chunk.length;
        }
        return Response.json({ size, digest: hash.digest("hex") });
      }
      case "/size":
        return Response.json({ size: (await request.arrayBuffer()).byteLength });
      case "/large": {
        let left = Number(url.searchParams.get("bytes"));
        return new Response(
          new ReadableStream({
            pull(controller) {
              const size = Math.min(left, 100_000);
              left -= size;
              if (size > 0) controller.enqueue(new Uint8Array(size).fill(left & 255));
              if (left === 0) controller.close();
            },
          }),
        );
      }
      case "/endless":
        return new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(text.encode("first")),
            cancel: () => {
              c.state.aborts += 1;
            },
          }),
        );
      case "/hang":
        held.add(request);
        await new Promise((done) => request.signal.addEventListener("abort", done));
        held.delete(request);
        c.state.aborts += 1;
        return new Response("too late");
      case "/broken":
        return new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(text.encode("half"));
              await step(c);
              controller.error(new Error("broken"));
            },
          }),
        );
      case "/listen": {
        const decoder = new TextDecoder();
        c.vars.heard = "";
        for await (const chunk of request.body) c.vars.heard += decoder.decode(chunk, { stream: true });
        return new Response(c.vars.heard);
      }
      case "/torn":
        try {
          await request.arrayBuffer();
        } catch {
          c.state.aborts += 1;
        }
        return new Response("whole");
      case "/headers":
        return Response.json(Object.fromEntries(request.headers), { headers: { "x-one": "1", connection: "close" } });
      case "/die":
        process.kill(process.pid, "SIGKILL");
        return new Promise(() => {});
      case "/unavailable":
        return new Response("busy", { status: 503, headers: { "x-rivet-error": "guard.service_unavailable" } });
      default:
        return Response.json({ method: request.method, path: path + url.search, body: await request.text() }, { status: 207 });
    }
  },
  actions: {
    step: (c) => {
      const waiting = steps.get(c.actorId);
      steps.delete(c.actorId);
      waiting?.();
      return waiting !== undefined;
    },
    state: (c) => ({ ...c.state }),
    heard: (c) => c.vars.heard,
    add: (_c, a, b) => a + b,
    blob: (_c, size) => "b".repeat(size),
    sleep: (c) => c.sleep(),
    leave: (c) => c.destroy(),
  },
});

/** `hibernates`: whether raw sockets outlive the generation. */
const socket = (hibernates) =>
  actor({
    state: { wakes: 0, opened: 0, closed: [] },
    options: { sleepTimeout: 60_000, canHibernateWebSocket: hibernates },
    onWake: (c) => {
      c.state.wakes += 1;
    },
    onWebSocket: (c, websocket) => {
      c.state.opened += 1;
      websocket.addEventListener("message", (event) => {
        const data = event.data;
        if (data === "bye") websocket.close(4001, "actor bye");
        else if (data === "large") websocket.send("l".repeat(3_000_000));
        else if (data === "too large") websocket.send(new Uint8Array(21 << 20));
        else if (typeof data === "string") websocket.send(`${c.state.wakes}:${data}`);
        else websocket.send(data);
      });
      websocket.addEventListener("close", (event) => {
        c.state.closed = [...c.state.closed, [event.code, event.reason]];
      });
      websocket.send("welcome");
    },
    actions: {
      state: (c) => ({ ...c.state }),
      sleep: (c) => c.sleep(),
      leave: (c) => c.destroy(),
    },
  });

const room = actor({
  state: { count: 0, wakes: 0 },
  options: { sleepTimeout: 60_000 },
  onWake: (c) => {
    c.state.wakes += 1;
  },
  actions: {
    say: (c, what) => {
      c.state.count += 1;
      c.broadcast("said", what, c.state.count);
      return c.state.count;
    },
    wakes: (c) => c.state.wakes,
    save: (c) => c.saveState({ immediate: true }),
    connections: (c) => c.conns.size,
    sleep: (c) => c.sleep(),
  },
});

const registry = setup({ use: { web, socket: socket(false), sleeper: socket(true), room }, startServices: false });
registry.start();
console.log("ready");
