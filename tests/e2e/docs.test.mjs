// Runs the snippets of the documentation: ```sh blocks with bash, ```js blocks with Node.js. A line that ends in
// `// text` or is followed by `# text` says what is printed there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Engine } from "./support/engine.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));
const run = promisify(execFile);

let engine;
before(async () => (engine = await Engine.start()));
after(async () => engine.dispose());

async function documents() {
  const found = await readdir(`${root}docs`, { recursive: true });
  return ["README.md", ...found.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];
}

const snippets = (text) => [...text.matchAll(/^```(sh|js)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({ language, code }));

for (const name of await documents()) {
  const found = snippets(await readFile(root + name, "utf8"));
  for (const [i, { language, code }] of found.entries()) {
    test(`${name}, snippet ${i + 1} (${language})`, async () => {
      const local = code.replaceAll("http://localhost:6420", engine.url).replaceAll("ws://localhost:6420", engine.url.replace("http", "ws"));
      const expected = [...code.matchAll(language === "js" ? /^\s*[^\s/].*\/\/ (.+)$/gm : /^# (.+)$/gm)].map((match) => match[1]);
      let output;
      if (language === "sh") {
        output = (await run("bash", ["-euo", "pipefail", "-c", local], { cwd: here, timeout: 30_000 })).stdout;
      } else {
        const file = `${here}.snippet-${process.pid}-${i}.mjs`;
        await writeFile(file, `${local}\nprocess.exit(0);\n`);
        try {
          output = (await run(process.execPath, [file], { cwd: here, timeout: 30_000 })).stdout;
        } finally {
          await rm(file);
        }
      }
      for (const line of expected) assert.ok(output.includes(line), `expected "${line}" in:\n${output}`);
    });
  }
}

test("links between documents lead somewhere", async () => {
  const { access } = await import("node:fs/promises");
  for (const name of await documents()) {
    const text = (await readFile(root + name, "utf8")).replace(/^```[\s\S]*?^```$/gm, "");
    for (const [, target] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      await access(new URL(target, `file://${root}${name}`)).catch(() => assert.fail(`${name} links to ${target}, which does not exist`));
    }
  }
});
