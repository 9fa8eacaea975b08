import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { launch } from "./support/browser.mjs";
import { Engine } from "./support/engine.mjs";

let engine;
let server;
let browser;
before(async () => {
  engine = await Engine.start();
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL("pages/counter.jsx", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  const page = `<!doctype html><div id="root"></div><script type="module">${bundle.outputFiles[0].text.replaceAll("</script", "<\\/script")}</script>`;
  server = createServer((_request, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(page));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
  await engine?.dispose();
});

async function open() {
  const tab = await (await browser.newContext()).newPage();
  await tab.goto(`http://127.0.0.1:${server.address().port}/?engine=${encodeURIComponent(engine.url)}`);
  await connected(tab);
  return tab;
}
const connected = (tab) => tab.waitForSelector("[data-status=connected]", { state: "attached" });
const shows = (tab, count) => tab.waitForFunction((text) => document.querySelector("output").textContent === text, String(count));

test("pages of @rivetkit/react share an actor, change to another one, and come back after the engine was gone", async () => {
  const one = await open();
  const two = await open();
  await one.click("text=count");
  await shows(one, 1);
  await shows(two, 1);
  await two.click("text=count");
  await shows(one, 2);

  await two.click("#other");
  await connected(two);
  await two.click("text=count");
  await shows(two, 1);
  assert.equal(await one.textContent("output"), "2");

  await engine.kill();
  await one.waitForSelector("output:not([data-status=connected])", { state: "attached" });
  await engine.restart();
  await connected(one);
  await one.click("text=count");
  await shows(one, 3);
});
