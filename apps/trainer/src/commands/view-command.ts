import { setTimeout } from "node:timers/promises";
import { serveRuns } from "@fovea-rl/run-viewer";
import { Command } from "commander";
import { abortOnInterrupt } from "./interruption.ts";
import { wholeNumber } from "./option-values.ts";

/** Beyond any wait that is not ended by Ctrl-C. */
const LONG = 2 ** 31 - 1;

async function runView(folders: readonly string[], { port }: { readonly port: number }): Promise<void> {
  const server = await serveRuns(folders.length === 0 ? ["runs"] : folders, { port });
  const { signal, stop } = abortOnInterrupt(() => {});
  process.stdout.write(`${server.address}\nCtrl-C ends it\n`);
  try {
    while (!signal.aborted) await setTimeout(LONG, undefined, { signal }).catch(() => {});
  } finally {
    stop();
    await server.close();
  }
}

export function viewCommand(): Command {
  return new Command("view")
    .description("show runs in the browser, live while they train")
    .argument("[folders...]", "runs, comparisons or folders of runs; default: runs")
    .option("--port <port>", "default: any free one", wholeNumber, 0)
    .addHelpText(
      "after",
      `
The page is served to this machine only, and nothing is written.

Examples:
  $ fovea view
  $ fovea view runs/digits-vppo-seed-1 runs/digits-grpo-seed-1 --port 8300`,
    )
    .action(runView);
}
