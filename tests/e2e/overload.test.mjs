// More load than one I/O thread can serve. OVERLOAD_SECONDS makes it last longer.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import WebSocket from "ws";
import { Engine, eventually } from "./support/engine.mjs";

const seconds = Number(process.env.OVERLOAD_SECONDS ?? 5);
const connections = 400;

/** Sends the request again and again, each time when the last answer is there; counts the answers by status. */
async function hammer(port, request, until, counts, samples) {
  const socket = connectTcp(port, "127.0.0.1");
  await once(socket, "connect");
  let text = "";
  const answered = new Promise((done, failed) => {
    socket.on("error", failed);
    socket.on("close", done);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      const status = text.slice(9, 12);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      if (status === "429" && samples.length < 10) samples.push(text);
      text = "";
      if (Date.now() < until) socket.write(request);
      else socket.end();
    });
  });
  socket.write(request);
  await answered;
}

/** Keeps `ahead` actions unanswered on one socket; counts answers, and closes by reason. */
async function hammerSocket(url, ahead, until, counts) {
  const socket = new WebSocket(url, ["rivet", "rivet_encoding.json"]);
  const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);
  let id = 0;
  let open = 0;
  const ask = () => {
    open += 1;
    socket.send(JSON.stringify({ body: { tag: "ActionRequest", val: { id: ++id, name: "increment", args: [1] } } }));
  };
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const { tag } = JSON.parse(data).body;
    if (tag === "Init") {
      for (let i = 0; i < ahead; i++) ask();
      return;
    }
    count(tag);
    open -= 1;
    if (Date.now() < until) ask();
    else if (open === 0) socket.close(1000);
  });
  const [code, reason] = await once(socket, "close");
  if (code !== 1000) count(`${code} ${reason}`.split("#")[0]);
}

/** Opens one socket after the other; counts those that are served, and closes by reason. */
async function knock(url, until, counts) {
  while (Date.now() < until) {
    const socket = new WebSocket(url, ["rivet", "rivet_encoding.json"]);
    socket.on("error", () => {});
    const served = once(socket, "message").then(() => "served");
    const refused = once(socket, "close").then(([code, reason]) => `${code} ${reason}`.split("#")[0]);
    const outcome = await Promise.race([served, refused]);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    socket.terminate();
  }
}

const residentOf = async (engine) => {
  const status = await readFile(`/proc/${engine.child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
};

/** What is resident after a quarter of the time, and in the end. */
async function watchMemory(engine) {
  const begun = Date.now();
  let early;
  for (;;) {
    const now = await residentOf(engine);
    const passed = (Date.now() - begun) / 1000;
    if (passed >= seconds / 4) early ??= now;
    if (process.env.OVERLOAD_SECONDS) console.log(`${Math.round(passed)} s: ${now >> 20} MiB`);
    if (passed >= seconds) return { early, late: now };
    await new Promise((done) => setTimeout(done, Math.min(10_000, seconds * 50)));
  }
}

const post = (path, body) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const byKey = (name, path, key) =>
  `/gateway/${name}${path}?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=${key}`;

/** Asks until it is let in. */
async function answerOf(url, body) {
  for (;;) {
    const response = await fetch(url, { method: "POST", body });
    const answer = await response.json();
    if (response.status === 429) continue;
    assert.equal(response.status, 200, JSON.stringify(answer));
    return answer;
  }
}

test("messages to queues beyond what the threads can serve are refused or kept, and memory stays flat", async () => {
  const engine = await Engine.start({
    args: ["--threads", "1"],
    env: { RIVET__TROUPE__ADMISSION_TARGET_MS: "1", RIVET__TROUPE__ADMISSION_INTERVAL_MS: "50" },
  });
  const counts = new Map();
  const until = Date.now() + seconds * 1000;
  const load = Array.from({ length: connections }, (_, i) =>
    hammer(engine.port, post(byKey("ledger", "/queue/post", `q${i % 100}`), '{"body":{"i":1}}'), until, counts, []),
  );
  const { early, late } = await watchMemory(engine);
  await Promise.all(load);
  assert.ok(counts.get("200") > 0);
  assert.deepEqual([...counts.keys()].filter((status) => !["200", "429"].includes(status)), [], JSON.stringify([...counts]));
  assert.ok(late < early + (32 << 20), `resident memory grew from ${early} to ${late}`);
  if (process.env.OVERLOAD_SECONDS) console.log(JSON.stringify([...counts]));
  // Each message that was taken is applied, once; messages of a key stay in order behind the one that is asked.
  let applied = 0;
  for (let key = 0; key < 100; key++) {
    await answerOf(engine.url + byKey("ledger", "/queue/ask", `q${key}`), '{"body":{"i":2},"wait":true}');
    const { output } = await answerOf(engine.url + byKey("ledger", "/action/read", `q${key}`), '{"args":[]}');
    applied += output.applied - 1;
  }
  assert.equal(applied, counts.get("200"));
  await engine.dispose();
});

test("actions over WebSockets beyond what the threads can serve wait for each other, and memory stays flat", async () => {
  // Every socket is let in.
  const engine = await Engine.start({ args: ["--threads", "1"], env: { RIVET__TROUPE__ADMISSION_TARGET_MS: "0" } });
  const counts = new Map();
  const until = Date.now() + seconds * 1000;
  const load = Array.from({ length: 200 }, (_, i) =>
    hammerSocket(engine.url.replace("http", "ws") + byKey("counter", "/connect", `s${i % 20}`), 50, until, counts),
  );
  const { early, late } = await watchMemory(engine);
  await Promise.all(load);
  assert.deepEqual([...counts.keys()], ["ActionResponse"], JSON.stringify([...counts]));
  assert.ok(late < early + (32 << 20), `resident memory grew from ${early} to ${late}`);
  if (process.env.OVERLOAD_SECONDS) console.log(JSON.stringify([...counts]));
  let sum = 0;
  for (let key = 0; key < 20; key++) {
    const read = await fetch(engine.url + byKey("counter", "/action/get", `s${key}`), { method: "POST", body: '{"args":[]}' });
    sum += (await read.json()).output;
  }
  assert.equal(sum, counts.get("ActionResponse"));
  await engine.dispose();
});

test("requests beyond what the threads can serve get 429 and a time to come back, and memory stays flat", async () => {
  const engine = await Engine.start({
    args: ["--threads", "1"],
    env: { RIVET__TROUPE__ADMISSION_TARGET_MS: "1", RIVET__TROUPE__ADMISSION_INTERVAL_MS: "50" },
  });
  const path = byKey("counter", "/action/increment", "busy");
  const request = post(path, '{"args":[1]}');
  const counts = new Map();
  const samples = [];
  const until = Date.now() + seconds * 1000;
  const load = Array.from({ length: connections }, () => hammer(engine.port, request, until, counts, samples));
  const sockets = new Map();
  load.push(knock(engine.url.replace("http", "ws") + byKey("counter", "/connect", "busy"), until, sockets));
  const { early, late } = await watchMemory(engine);
  await Promise.all(load);
  if (process.env.OVERLOAD_SECONDS) console.log(JSON.stringify([...counts, ...sockets]));

  assert.ok(sockets.get("1011 guard.overloaded") > 0, `sockets: ${JSON.stringify([...sockets])}`);
  sockets.delete("served");
  assert.deepEqual([...sockets.keys()], ["1011 guard.overloaded"]);
  assert.ok(counts.get("429") > 0, `answers: ${JSON.stringify([...counts])}`);
  assert.ok(counts.get("200") > 0);
  assert.deepEqual([...counts.keys()].sort(), ["200", "429"]);
  for (const sample of samples) {
    assert.match(sample, /retry-after: [1-9]\d*\r\n/i);
    assert.match(sample, /"group":"guard"/);
    assert.match(sample, /"code":"overloaded"/);
  }
  assert.ok(late < early + (32 << 20), `resident memory grew from ${early} to ${late}`);

  // What was taken was done, once each; and the next request is taken again, once the queue is seen to be short.
  const get = () => fetch(`${engine.url}${path.replace("increment", "get")}`, { method: "POST", body: '{"args":[]}' });
  let refused = counts.get("429") + sockets.get("1011 guard.overloaded");
  let after = await get();
  while (after.status === 429) {
    refused += 1;
    await after.arrayBuffer();
    after = await get();
  }
  assert.equal(after.status, 200);
  assert.deepEqual(await after.json(), { output: counts.get("200") });
  const metrics = await (await fetch(`http://127.0.0.1:${engine.metricsPort}/metrics`)).text();
  assert.equal(Number(/^troupe_requests_refused_total (\S+)/m.exec(metrics)[1]), refused);
  await engine.dispose();
});

test("a handler that holds an I/O thread is named in the log and counted", async () => {
  const engine = await Engine.start({ env: { RIVET__TROUPE__STALL_THRESHOLD_MS: "1" } });
  // A hundred thousand statements are put together in one piece.
  const done = await fetch(engine.url + byKey("notes", "/action/bulk", "slow"), { method: "POST", body: '{"args":[100000]}' });
  assert.equal(done.status, 200);
  await eventually(() => /actor notes: bulk held an I\/O thread for [\d.]+ ms/.test(engine.log));
  const metrics = await (await fetch(`http://127.0.0.1:${engine.metricsPort}/metrics`)).text();
  const stalls = /^troupe_handler_stalls_total\{actor="notes",handler="bulk"\} (\d+)/m.exec(metrics);
  assert.ok(Number(stalls?.[1]) > 0, metrics);
  await engine.dispose();
});
