// Measures the viewer in a browser over 100 runs of 10 000 steps and 100 000 rollouts: node --conditions=@fovea-rl/source run-benchmark.ts
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
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

/** A server of its own process, as `fovea view` is: the page's time is not the server's. */
async function startServer(): Promise<{ address: string; stop: () => void }> {
  const script = `import { serveRuns } from "@fovea-rl/run-viewer"; console.log((await serveRuns([process.argv[1]])).address);`;
  const args = ["--conditions=@fovea-rl/source", "--input-type=module", "--eval", script, folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], cwd: import.meta.dirname });
  const address = await new Promise<string>((resolve) =>
    child.stdout.once("data", (data) => resolve(String(data).trim())),
  );
  return { address, stop: () => child.kill() };
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

const results: { name: string; median: number; fastest: number }[] = [];
const record = async (name: string, repeats: number, measure: (repeat: number) => Promise<number>) => {
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) times.push(await measure(repeat));
  results.push({ name, median: median(times), fastest: Math.min(...times) });
  console.log(`${name}: ${median(times).toFixed(0)} ms (${times.map((time) => time.toFixed(0)).join(", ")})`);
};

const path = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((candidate) => existsSync(candidate));
const browser = await chromium.launch({ ...(path ? { executablePath: path } : {}), args: ["--no-sandbox"] });

await record("first view, server just started", 3, async () => {
  const server = await startServer();
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  const start = performance.now();
  await page.goto(server.address);
  await page.locator('[data-metric="reward/mean"] .readings li').nth(3).waitFor();
  const time = performance.now() - start;
  await page.close();
  server.stop();
  return time;
});

const server = await startServer();
const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
await page.goto(server.address);
await page.locator('[data-metric="reward/mean"] .readings li').nth(3).waitFor();
await page.waitForTimeout(1500);
const toggle = (place: number) => `document.querySelectorAll(".run-list input[type=checkbox]")[${place}].click()`;
await record("choose a run not read before", 5, (repeat) =>
  timeInPage(page, toggle(4 + repeat), readingCount(5 + repeat)),
);
await record("choose a run read before", REPEATS, async () => {
  await timeInPage(page, toggle(0), readingCount(8));
  await page.waitForTimeout(100);
  return timeInPage(page, toggle(0), readingCount(9));
});
const readings = `document.querySelector('[data-metric="reward/mean"] .readings').textContent`;
await record("smoothing", REPEATS, (repeat) =>
  timeInPage(
    page,
    `window.before = ${readings}; ${setInput("input[type=range]", String(2 + repeat * 0.1))}`,
    `${readings} !== window.before`,
  ),
);
await record("search the runs", REPEATS, async (repeat) => {
  const count = "document.querySelectorAll('.run-list li').length";
  await timeInPage(page, setInput(".run-list input[type=search]", ""), `${count} === 100`);
  return timeInPage(page, setInput(".run-list input[type=search]", `seed-${repeat + 1}`), `${count} < 100`);
});
await page.goto(`${server.address}#/rollouts?run=digits-grpo-seed-2`);
await page.waitForTimeout(1000);
await record("rollouts of a run not read before (500)", 3, (repeat) => {
  const action = `location.hash = "#/rollouts?run=digits-vppo-seed-${repeat + 2}"`;
  return timeInPage(page, action, `document.querySelector("a[href*='vppo-seed-${repeat + 2}&']")`);
});
await record("the run of 50 000 rollouts, not read before", 1, () =>
  timeInPage(
    page,
    `location.hash = "#/rollouts?run=digits-grpo-seed-1"`,
    `document.body.textContent.includes("50000 of 50000")`,
  ),
);
await record("filter its text", REPEATS, async (repeat) => {
  await timeInPage(
    page,
    setInput(".toolbar input[type=search]", ""),
    `document.body.textContent.includes("50000 of 50000")`,
  );
  const action = setInput(".toolbar input[type=search]", `prompt-10000-${repeat + 1}`);
  return timeInPage(
    page,
    action,
    `document.body.textContent.includes(" of 50000") && !document.body.textContent.includes("50000 of 50000")`,
  );
});
await record("perception of the run of 50 000 rollouts", 1, () =>
  timeInPage(page, `location.hash = "#/perception?run=digits-grpo-seed-1"`, `document.querySelector(".histogram")`),
);
await page.goto(`${server.address}#/rollouts?run=digits-grpo-seed-1`);
await page.locator(".response a").first().waitFor();
await timeInPage(page, `document.querySelector(".response a").click()`, `document.querySelector(".token-facts")`);
await record("next rollout, by key", REPEATS, () => {
  const action = `window.title = document.querySelector("h1").textContent; dispatchEvent(new KeyboardEvent("keydown", { key: "n" }));`;
  return timeInPage(
    page,
    action.replace("dispatchEvent(", "document.body.dispatchEvent(").replace('key: "n"', 'key: "n", bubbles: true'),
    `document.querySelector("h1").textContent !== window.title`,
  );
});
await record("look at another token", REPEATS, (repeat) =>
  timeInPage(
    page,
    `document.querySelectorAll(".tokens .token")[${repeat + 1}].focus()`,
    `document.querySelector(".token-facts").textContent.includes("Token ${repeat + 2} ")`,
  ),
);
await browser.close();
server.stop();

const machine = `${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}`;
const table = results
  .map(({ name, ...times }) => `| ${name} | ${times.median.toFixed(0)} | ${times.fastest.toFixed(0)} |`)
  .join("\n");
const text = `# The viewer at scale

${sizes.runs} runs of ${sizes.steps} steps (41 metrics and 6 timings a step) and ${sizes.rollouts} rollouts, half of them in one run. Chromium, on ${machine}.
Times are to the paint that shows the result. Load average of the machine at the end: ${loadavg()[0]!.toFixed(1)}; where it
is above the number of cores, other work took part of them, and the fastest of the repeats says more than the median.

| | median, ms | fastest, ms |
|---|---|---|
${table}

Made by \`pnpm --filter @fovea-rl/benchmarks viewing\`.
`;
await writeFile(join(import.meta.dirname, "results.md"), text);
