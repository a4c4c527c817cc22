// Measures the viewer in a browser over 100 runs of 10 000 steps and 100 000 rollouts: node --conditions=@fovea-rl/source run-benchmark.ts
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { chromium, type Page } from "playwright-core";
import { makeRuns, type RunSizes } from "./make-runs.ts";

const sizes: RunSizes = { runs: 100, steps: 10_000, rollouts: 100_000 };
const folder = join(tmpdir(), `fovea-viewer-benchmark-${sizes.runs}-${sizes.steps}-${sizes.rollouts}`);
const REPEATS = 7;

if (!existsSync(join(folder, "complete"))) {
  console.log(`writing runs to ${folder}`);
  await makeRuns(folder, sizes);
  await writeFile(join(folder, "complete"), "");
}

interface Server {
  readonly address: string;
  /** Seconds until it had read all runs of itself. */
  readonly prepared: Promise<number>;
  readonly stop: () => void;
}

/** A server of its own process, as `fovea view` is: the page's time is not the server's. */
async function startServer(): Promise<Server> {
  const script = `import { serveRuns } from "@fovea-rl/run-viewer";
    const server = await serveRuns([process.argv[1]]);
    console.log(server.address);
    await server.prepared;
    console.log("prepared", process.memoryUsage().rss);`;
  const args = ["--conditions=@fovea-rl/source", "--input-type=module", "--eval", script, folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], cwd: import.meta.dirname });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const address = String((await lines.next()).value);
  const start = performance.now();
  const prepared = lines.next().then(() => (performance.now() - start) / 1000);
  return { address, prepared, stop: () => child.kill() };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/**
 * Milliseconds in the page from an action to the paint after `condition` holds.
 *
 * @param action, condition JavaScript that the page runs.
 */
function timeInPage(page: Page, action: string, condition: string): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    const start = performance.now();
    ${action};
    const look = () => {
      if (!(${condition})) return requestAnimationFrame(look);
      const channel = new MessageChannel();
      channel.port1.onmessage = () => resolve(performance.now() - start);
      requestAnimationFrame(() => channel.port2.postMessage(0));
    };
    look();
  })`);
}

const setInput = (selector: string, value: string) =>
  `{ const input = document.querySelector(${JSON.stringify(selector)}); input.value = ${JSON.stringify(value)}; input.dispatchEvent(new Event("input", { bubbles: true })); }`;
const readingCount = (count: number) =>
  `document.querySelectorAll('[data-metric="reward/mean"] .readings li').length === ${count}`;

interface Result {
  readonly name: string;
  readonly median: number;
  readonly fastest: number;
}

const opening: Result[] = [];
const interactions: Result[] = [];
const record = async (
  results: Result[],
  name: string,
  repeats: number,
  measure: (repeat: number) => Promise<number>,
) => {
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) times.push(await measure(repeat));
  results.push({ name, median: median(times), fastest: Math.min(...times) });
  console.log(`${name}: ${median(times).toFixed(0)} ms (${times.map((time) => time.toFixed(0)).join(", ")})`);
};

const path = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((candidate) => existsSync(candidate));
const browser = await chromium.launch({ ...(path ? { executablePath: path } : {}), args: ["--no-sandbox"] });

const loads: number[] = [loadavg()[0]!];

/** A page whose first curves are drawn. */
async function openCurves(address: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  await page.goto(address);
  await page.locator('[data-metric="reward/mean"] .readings li').nth(3).waitFor();
  return page;
}

/** Does something to a page of a server that was started just before. */
async function withNewServer(measure: (page: Page, server: Server) => Promise<number>): Promise<number> {
  const server = await startServer();
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  try {
    return await measure(page, server);
  } finally {
    await page.close();
    server.stop();
  }
}

const toggle = (place: number) => `document.querySelectorAll(".run-list input[type=checkbox]")[${place}].click()`;
const LARGEST = "digits-grpo-seed-1";
const textIs = (text: string) => `document.body.textContent.includes(${JSON.stringify(text)})`;

await record(opening, "first view, server just started", REPEATS, () =>
  withNewServer(async (page, { address }) => {
    const start = performance.now();
    await page.goto(address);
    await page.locator('[data-metric="reward/mean"] .readings li').nth(3).waitFor();
    return performance.now() - start;
  }),
);
await record(opening, "choose a run that the server has not read, right after that", 3, () =>
  withNewServer(async (page, { address }) => {
    await page.goto(address);
    await page.locator('[data-metric="reward/mean"] .readings li').nth(3).waitFor();
    return timeInPage(page, toggle(60), readingCount(5));
  }),
);
await record(opening, "the run of 50 000 rollouts, server just started", 3, () =>
  withNewServer(async (page, { address }) => {
    const start = performance.now();
    await page.goto(`${address}#/rollouts?run=${LARGEST}`);
    await page.getByText("50000 of 50000").waitFor();
    return performance.now() - start;
  }),
);
await record(opening, "its perception, server just started", 3, () =>
  withNewServer(async (page, { address }) => {
    const start = performance.now();
    await page.goto(`${address}#/perception?run=${LARGEST}`);
    await page.locator(".histogram").first().waitFor();
    return performance.now() - start;
  }),
);

const server = await startServer();
let page = await openCurves(server.address);
const seconds = await server.prepared;
console.log(`all runs read of itself: ${seconds.toFixed(1)} s`);
loads.push(loadavg()[0]!);
await page.waitForTimeout(1000);
const settle = () => page.waitForTimeout(150);
await record(interactions, "choose a run whose curves the page does not have", 5, async (repeat) => {
  await settle();
  return timeInPage(page, toggle(4 + repeat), readingCount(5 + repeat));
});
await record(interactions, "leave out one of nine runs", REPEATS, async () => {
  await settle();
  const time = await timeInPage(page, toggle(0), readingCount(8));
  await settle();
  await timeInPage(page, toggle(0), readingCount(9));
  return time;
});
await record(interactions, "choose a ninth run again", REPEATS, async () => {
  await timeInPage(page, toggle(0), readingCount(8));
  await settle();
  return timeInPage(page, toggle(0), readingCount(9));
});
const readings = `document.querySelector('[data-metric="reward/mean"] .readings').textContent`;
await record(interactions, "smoothing of nine runs", REPEATS, async (repeat) => {
  await settle();
  const action = `window.before = ${readings}; ${setInput("input[type=range]", String(2 + repeat * 0.1))}`;
  return timeInPage(page, action, `${readings} !== window.before`);
});
await record(interactions, "seeds as bands", REPEATS, async (repeat) => {
  await settle();
  const action = `document.querySelector(".charts input[type=checkbox]").click()`;
  return timeInPage(page, action, readingCount(repeat % 2 === 0 ? 3 : 9));
});
await page.locator(".charts input[type=checkbox]").first().uncheck();
await record(interactions, "look closer at some steps", 5, async (repeat) => {
  await settle();
  const plot = `document.querySelector('[data-metric="reward/mean"] .plot')`;
  const action = `${plot}.dispatchEvent(new KeyboardEvent("keydown", { key: "+", bubbles: true }))`;
  const note = `document.querySelector('[data-metric="reward/mean"]').textContent`;
  await page.evaluate(`window.noted = ${note}`);
  const time = await timeInPage(page, action, `${note} !== window.noted && ${note}.includes("Show all")`);
  if (repeat === 4) await page.getByRole("button", { name: "Show all" }).click();
  return time;
});
await record(interactions, "search the runs", REPEATS, async (repeat) => {
  const count = "document.querySelectorAll('.run-list li').length";
  await timeInPage(page, setInput(".run-list input[type=search]", ""), `${count} === 100`);
  return timeInPage(page, setInput(".run-list input[type=search]", `seed-${repeat + 1}`), `${count} < 100`);
});
await timeInPage(page, setInput(".run-list input[type=search]", ""), "true");
await record(interactions, "compare nine runs side by side", 3, async () => {
  await page.evaluate(`location.hash = location.hash.replace("#/compare", "#/runs")`);
  await page.waitForTimeout(500);
  return timeInPage(
    page,
    `location.hash = location.hash.replace("#/runs", "#/compare")`,
    `document.querySelector(".differences")`,
  );
});
await page.close();

page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
await page.goto(`${server.address}#/rollouts?run=digits-grpo-seed-2`);
await page.getByText("rollouts", { exact: false }).last().waitFor();
await page.waitForTimeout(1000);
await record(interactions, "rollouts of a run of 505", 3, async (repeat) => {
  await settle();
  const action = `location.hash = "#/rollouts?run=digits-vppo-seed-${repeat + 2}"`;
  return timeInPage(page, action, `document.querySelector("a[href*='vppo-seed-${repeat + 2}&']")`);
});
await record(interactions, "rollouts of the run of 50 000", 3, async () => {
  await page.evaluate(`location.hash = "#/rollouts?run=digits-vppo-seed-2"`);
  await page.waitForTimeout(500);
  return timeInPage(page, `location.hash = "#/rollouts?run=${LARGEST}"`, textIs("50000 of 50000"));
});
const isFiltered = `${textIs(" of 50000")} && !${textIs("50000 of 50000")}`;
const everything = textIs("50000 of 50000");
await record(interactions, "filter its text", REPEATS, async (repeat) => {
  await timeInPage(page, setInput(".toolbar input[type=search]", ""), everything);
  await settle();
  return timeInPage(page, setInput(".toolbar input[type=search]", `prompt-10000-${repeat + 1}`), isFiltered);
});
await timeInPage(page, setInput(".toolbar input[type=search]", ""), everything);
const choose = (label: string, value: string) => `{
  const select = [...document.querySelectorAll("label")].find((label) => label.textContent.startsWith("${label}")).querySelector("select");
  select.value = "${value}";
  select.dispatchEvent(new Event("change", { bubbles: true }));
}`;
await record(interactions, "filter it by family", 5, async (repeat) => {
  await timeInPage(page, choose("Family", ""), everything);
  await settle();
  const family = ["sum", "product", "largest", "count", "read"][repeat]!;
  return timeInPage(page, choose("Family", family), isFiltered);
});
await timeInPage(page, choose("Family", ""), everything);
const firstRow = `document.querySelector(".rollouts tbody tr").textContent`;
await record(interactions, "order it", 6, async (repeat) => {
  await settle();
  const order = ["dependency", "length", "reward"][repeat % 3]!;
  const action = `window.first = ${firstRow}; ${choose("Order", order)}`;
  return timeInPage(page, action, `${firstRow} !== window.first`);
});
await record(interactions, "perception of the run of 50 000 rollouts", 5, async () => {
  await page.evaluate(`location.hash = "#/rollouts?run=${LARGEST}"`);
  await page.waitForTimeout(500);
  const condition = `document.querySelector(".histogram") && document.querySelector(".curves canvas")`;
  return timeInPage(page, `location.hash = "#/perception?run=${LARGEST}"`, condition);
});
await record(interactions, "perception of one step of it", 5, async (repeat) => {
  await settle();
  const action = `location.hash = "#/perception?run=${LARGEST}&file=rollouts/step-${(repeat + 1) * 200}"`;
  const facts = `document.querySelector(".single p").textContent`;
  await page.evaluate(`window.facts = ${facts}`);
  return timeInPage(page, action, `${facts} !== window.facts`);
});
await page.goto(`${server.address}#/rollouts?run=${LARGEST}`);
await page.locator(".response a").first().waitFor();
await settle();
await record(interactions, "open a rollout", 1, () =>
  timeInPage(page, `document.querySelector(".response a").click()`, `document.querySelector(".token-facts")`),
);
await record(interactions, "next rollout, by key", REPEATS, async () => {
  await settle();
  const action = `window.title = document.querySelector("h1").textContent; document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));`;
  return timeInPage(page, action, `document.querySelector("h1").textContent !== window.title`);
});
await record(interactions, "look at another token", REPEATS, async (repeat) => {
  await settle();
  return timeInPage(
    page,
    `document.querySelectorAll(".tokens .token")[${repeat + 1}].focus()`,
    `document.querySelector(".token-facts").textContent.includes("Token ${repeat + 2} ")`,
  );
});
loads.push(loadavg()[0]!);
await browser.close();
server.stop();

const machine = `${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}`;
const table = (results: readonly Result[]) =>
  [
    "| | median, ms | fastest, ms |",
    "|---|---|---|",
    ...results.map(({ name, ...times }) => `| ${name} | ${times.median.toFixed(0)} | ${times.fastest.toFixed(0)} |`),
  ].join("\n");
const text = `# The viewer at scale

${sizes.runs} runs of ${sizes.steps} steps (41 metrics and 6 timings a step) and ${sizes.rollouts} rollouts, half of them in one run. Chromium
without a graphics card, on ${machine}. Load average of the machine before, between and after: ${loads.map((load) => load.toFixed(1)).join(", ")}; browser and
server are part of it, and where it is above the number of cores, other work took part of them.

## Opening

From the navigation to the curves, rows or figures, of a server that has read nothing yet.

${table(opening)}

The server then reads all runs of itself, in ${seconds.toFixed(0)} s, giving way to whoever asks.

## Interactions

From the action to the paint that shows its result; two frames of it, 33 ms, are the measurement's own.

${table(interactions)}

Made by \`pnpm --filter @fovea-rl/benchmarks viewing\`.
`;
await writeFile(join(import.meta.dirname, "results.md"), text);
