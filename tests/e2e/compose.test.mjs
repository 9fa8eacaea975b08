// The environment that docker/compose.yaml gives to the engine, without an image builder.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Engine } from "./support/engine.mjs";

const compose = await readFile(new URL("../../docker/compose.yaml", import.meta.url), "utf8");

/** The service's variables, as Compose fills them in: a name without a value is passed on from around, or left out. */
function variables(around) {
  const [, block] = /^ {4}environment:\n((?: {6}.+\n)+)/m.exec(compose);
  const found = {};
  for (const [, name, value] of block.matchAll(/^ {6}([A-Z0-9_]+):(?: +(.+))?$/gm)) {
    if (value !== undefined) found[name] = value.replace(/\$\{(\w+):-(.*?)\}/g, (_, other, otherwise) => around[other] || otherwise);
    else if (name in around) found[name] = around[name];
  }
  return found;
}

test("the engine starts with the variables of the compose file, with a token and without", async () => {
  for (const [around, status] of [[{}, 200], [{ RIVET__AUTH__ADMIN_TOKEN: "secret" }, 403]]) {
    const engine = await Engine.start({ env: variables(around) });
    assert.equal((await engine.api("/actors?namespace=default&name=counter")).status, status);
    await engine.dispose();
  }
});
