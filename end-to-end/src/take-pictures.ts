/**
 * The pictures of docs/viewer.md, from runs of the configuration in the root of the repository:
 *
 *   npx fovea compare && npx fovea perceive runs/compare-digits/vppo-seed-1 --step 200
 *   pnpm --filter @fovea-rl/end-to-end pictures
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseRollout } from "@fovea-rl/run-records";
import { serveRuns } from "@fovea-rl/run-viewer";
import type { BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { launchBrowser } from "./browser.ts";

const repository = join(import.meta.dirname, "..", "..");
const runs = join(repository, "runs");
const run = "compare-digits/vppo-seed-1";
const names = ["vppo", "dapo", "grpo"].flatMap((name) =>
  [5, 4, 3, 2, 1].map((seed) => `compare-digits/${name}-seed-${seed}`),
);

async function rolloutsOf(file: string) {
  const text = await readFile(join(runs, run, `${file}.jsonl`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => parseRollout(line)!);
}
type Rollout = Awaited<ReturnType<typeof rolloutsOf>>[number];

const isRight = ({ components }: Rollout): boolean => components["accuracy"] === 1;
const meanDependency = ({ columns }: Rollout): number => {
  const dependencies = columns["dependency"] ?? [];
  return dependencies.reduce((sum, dependency) => sum + dependency, 0) / dependencies.length;
};

/** The right answer that looks most. */
function mostDependent(rollouts: readonly Rollout[]): Rollout {
  return rollouts
    .filter(isRight)
    .reduce((most, other) => (meanDependency(other) > meanDependency(most) ? other : most));
}

/** Those of prompts that were also answered wrongly. */
function contested(rollouts: readonly Rollout[]): readonly Rollout[] {
  const prompts = new Set(rollouts.filter((rollout) => !isRight(rollout)).map(({ promptId }) => promptId));
  return rollouts.filter(({ promptId }) => prompts.has(promptId));
}

const server = await serveRuns([runs]);
const browser = await launchBrowser();

async function picture(
  name: string,
  path: string,
  prepare: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  await page.goto(`${server.address}#/${path}`);
  await page.locator("h1").first().waitFor();
  await prepare(page);
  await page.waitForTimeout(1000);
  const screenshot = await page.screenshot();
  await sharp(screenshot)
    .png({ palette: true, effort: 10 })
    .toFile(join(repository, "docs", "images", `${name}.png`));
  await context.close();
  console.log(name);
}

function query(view: string, pairs: readonly (readonly [name: string, value: string])[]): string {
  return `${view}?${new URLSearchParams(pairs.map(([name, value]) => [name, value] as [string, string]))}`;
}

async function smoothedBands(page: Page): Promise<void> {
  await page.getByRole("slider").fill("0.9");
  await page.getByRole("checkbox", { name: "Seeds as bands" }).check();
  await page.locator('[data-metric="reward/mean"] .plot canvas').waitFor();
}

/** Chooses the token that looks most. */
function atItsPeak({ columns }: Rollout): (page: Page) => Promise<void> {
  const dependencies = columns["dependency"] ?? [];
  return async (page) => {
    await page
      .locator(".tokens .token")
      .nth(dependencies.indexOf(Math.max(...dependencies)))
      .click();
    await page.mouse.move(0, 0);
    await page.evaluate("scrollTo(0, 0)");
  };
}

const rolloutIn = (file: string, { promptId, sampleIndex }: Rollout): string =>
  query("rollout", [
    ["run", run],
    ["file", file],
    ["prompt", promptId],
    ["sample", String(sampleIndex)],
  ]);

const allRuns = query(
  "runs",
  names.map((name) => ["run", name] as const),
);
await picture("viewer-runs", allRuns, smoothedBands);
await picture("viewer-runs-dark", allRuns, smoothedBands, { colorScheme: "dark" });
const ofLastSeed = names.filter((name) => name.endsWith("-5")).map((name) => ["run", name] as const);
await picture("viewer-compare", query("compare", ofLastSeed), (page) => page.locator(".families").waitFor());
await picture("viewer-rollouts", query("rollouts", [["run", run]]), (page) => page.getByText(/rollouts$/).waitFor());
const perceived = mostDependent(await rolloutsOf("perception/step-200"));
const perceivedPath = rolloutIn("perception/step-200", perceived);
await picture("viewer-rollout", perceivedPath, atItsPeak(perceived));
await picture("viewer-phone", perceivedPath, atItsPeak(perceived), { viewport: { width: 390, height: 844 } });
const trained = mostDependent(contested(await rolloutsOf("rollouts/step-100")));
await picture("viewer-rollout-dark", rolloutIn("rollouts/step-100", trained), atItsPeak(trained), {
  colorScheme: "dark",
});
await picture("viewer-perception", query("perception", [["run", run]]), (page) =>
  page.locator("svg").first().waitFor(),
);

await browser.close();
await server.close();
