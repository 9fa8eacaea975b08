import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./support/browser.mjs";
import { Engine } from "./support/engine.mjs";

const page = new URL("../../docs/examples/chat.html", import.meta.url);

let engine;
let browser;
before(async () => {
  engine = await Engine.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await engine?.dispose();
});

test("two people chat in their browsers", async () => {
  const join = async (name) => {
    const tab = await (await browser.newContext()).newPage();
    await tab.goto(`${page.href}?engine=${encodeURIComponent(engine.url)}&room=lobby&name=${name}`);
    await tab.waitForSelector("[data-state=open]");
    return tab;
  };
  const ada = await join("ada");
  const grace = await join("grace");
  await ada.fill("#message", "hello from ada");
  await ada.press("#message", "Enter");
  await grace.waitForFunction(() => document.querySelector("#messages").textContent.includes("hello from ada"));
  await grace.fill("#message", "hi ada");
  await grace.press("#message", "Enter");
  await ada.waitForFunction(() => document.querySelector("#messages").textContent.includes("hi ada"));
  const late = await join("late");
  await late.waitForFunction(() => document.querySelector("#messages").textContent.includes("hello from ada"));
  assert.match(await late.textContent("#messages"), /hi ada/);
});
