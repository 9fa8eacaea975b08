// More load than one I/O thread can serve. OVERLOAD_SECONDS makes it last longer.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { Engine } from "./support/engine.mjs";

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

test("requests beyond what the threads can serve get 429 and a time to come back, and memory stays flat", async () => {
  const engine = await Engine.start({
    args: ["--threads", "1"],
    env: { RIVET__TROUPE__ADMISSION_TARGET_MS: "1", RIVET__TROUPE__ADMISSION_INTERVAL_MS: "50" },
  });
  const resident = async () => {
    const status = await readFile(`/proc/${engine.child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
  };
  const path = "/gateway/counter/action/increment?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=busy";
  const body = '{"args":[1]}';
  const request = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const counts = new Map();
  const samples = [];
  const until = Date.now() + seconds * 1000;
  const load = Array.from({ length: connections }, () => hammer(engine.port, request, until, counts, samples));
  const early = await new Promise((done) => setTimeout(() => done(resident()), (seconds * 1000) / 4));
  await Promise.all(load);
  const late = await resident();

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
  let refused = counts.get("429");
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
