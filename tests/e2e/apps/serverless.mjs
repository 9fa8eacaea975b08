// A RivetKit app behind plain HTTP, as a function platform would run it. PORT says where.
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { actor, setup } from "rivetkit";

const tally = actor({
  state: { count: 0, wakes: 0 },
  onWake: (c) => {
    c.state.wakes += 1;
  },
  actions: {
    increment: (c, by) => (c.state.count += by),
    read: (c) => ({ count: c.state.count, wakes: c.state.wakes }),
    sleep: (c) => c.sleep(),
  },
});

const { fetch: handle } = setup({ use: { tally }, startServices: false }).serve();

const server = createServer(async (request, response) => {
  if (request.url.endsWith("/start")) console.log(JSON.stringify({ start: request.headers }));
  const init = { method: request.method, headers: request.headers };
  if (request.method === "POST") Object.assign(init, { body: Readable.toWeb(request), duplex: "half" });
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const answer = await handle(new Request(`http://127.0.0.1:${process.env.PORT}${request.url}`, { ...init, signal: gone.signal }));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (!answer.body) return response.end();
  Readable.fromWeb(answer.body).on("error", () => response.destroy()).pipe(response);
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
