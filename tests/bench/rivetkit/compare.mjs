// The same app and client on the reference engine and on Troupe, round by round in one run.
// usage: node compare.mjs TROUPE [--rounds N] [--ms N] [--sleeping N] [--only TEXT]
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { Side } from "./engines.mjs";
import { measures, sleepingActors } from "./measures.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    ms: { type: "string", default: "3000" },
    sleeping: { type: "string", default: "10000" },
    only: { type: "string", default: "" },
  },
});
const { getEnginePath } = createRequire(import.meta.url)("@rivetkit/engine-cli");
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const short = (number) => (number >= 100 ? number.toFixed(0) : number.toPrecision(3));
const row = (cells, widths = [32, 20, 12, 12, 9]) => console.log(cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(" "));

// Both make as many actors as they can. The reference's load shedding would refuse work on a busy machine; everything else
// is its production default.
const unlimited = { RIVET__PEGBOARD__ACTOR_CREATE_RATE_LIMIT_REQUESTS: "1000000" };
const reference = await Side.start("reference", [getEnginePath(), "start"], { ...unlimited, RIVET__RUNTIME__WORKER_CPU_MAX: "1000000" });
const troupe = await Side.start("troupe", [positionals[0], "start"], unlimited);
const sides = [reference, troupe];
let failed = false;
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => Promise.all(sides.map((side) => side.stop())).finally(() => process.exit(1)));

try {
  console.log(`${options.rounds} rounds of ${options.ms} ms, medians; ${execFileSync("nproc").toString().trim()} cores for engine, app and client\n`);
  row(["measure", "", "reference", "troupe", "ratio", "goal"]);
  row(["memory of the engine, idle", "MiB", ...sides.map((side) => short(side.idleBytes / 2 ** 20)), short(troupe.idleBytes / reference.idleBytes), "≤ 40 MiB"]);
  for (const [name, { units, goals, run }] of Object.entries(measures)) {
    if (!name.includes(options.only)) continue;
    const results = new Map(sides.map((side) => [side, []]));
    for (let round = 0; round < Number(options.rounds); ++round)
      for (const side of round % 2 ? sides.toReversed() : sides)
        results.get(side).push(
          await run(side, Number(options.ms)).catch((error) => {
            failed = true;
            console.error(`${name} on ${side.name}: ${error.message}`);
            return {};
          }),
        );
    for (const [value, unit] of Object.entries(units)) {
      const [was, is] = sides.map((side) => median(results.get(side).map((result) => result[value] ?? NaN)));
      row([name, `${value} ${unit}`, short(was), short(is), short(is / was), goals[value] ?? ""]);
    }
  }
  if (Number(options.sleeping) > 0 && "sleeping actors".includes(options.only)) {
    const bytes = await sleepingActors(troupe, Number(options.sleeping));
    row([`memory for each of ${options.sleeping} asleep`, "bytes", "", short(bytes), "", "≤ 1024"]);
  }
} finally {
  await Promise.all(sides.map((side) => side.stop()));
}
process.exit(failed ? 1 : 0);
