import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runFovea } from "../../fixtures/run-fovea.ts";
import { tabularConfiguration, tabularInput, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import { train } from "../training/train.ts";

// Each starts processes of its own, which take their time on a busy machine. What did not end at once would end far later than this:
// the server is given up after an hour.
vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let server: Server;
let sockets: Socket[];
/** Resolved when somebody has connected and asked. */
let asked: Promise<void>;

beforeEach(async () => {
  directory = await temporaryDirectory();
  sockets = [];
  asked = new Promise((resolve) => {
    // Accepts, reads the request, and never answers.
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {}).once("data", () => resolve());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const silentServer = () => ({
  use: "tinker",
  options: {
    server: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    openingSeconds: 3600,
    exchangeSeconds: 3600,
  },
});

/** `fovea` on a server that never answers, interrupted as soon as it waits for it. */
async function interrupted(signal: NodeJS.Signals, ...args: string[]) {
  return runFovea(args, { cwd: directory, onStart: (child) => void asked.then(() => child.kill(signal)) });
}

describe("Ctrl-C while the engine is being opened", () => {
  it("ends at once with 130, and leaves nothing behind", async () => {
    await writeFile(
      join(directory, "fovea.config.json"),
      JSON.stringify(tabularInput(directory, { policy: silentServer() })),
    );
    const { exitCode, stdout, stderr } = await interrupted("SIGINT", "train");
    expect(exitCode, stderr).toBe(130);
    expect(stdout).toBe("stopped before an update had begun: nothing was trained, and nothing is left behind\n");
    expect(stderr).toContain("stopping before an update has begun; Ctrl-C once more ends at once");
    expect(stderr).not.toMatch(/finishing this update|error:/);
    expect(existsSync(join(directory, "runs"))).toBe(false);
  });

  it("leaves a run that was to be resumed as it was", async () => {
    await train(tabularConfiguration(directory));
    const file = (name: string) => join(directory, "runs", "run", name);
    const configuration = JSON.parse(await readFile(file("config.json"), "utf8"));
    await writeFile(file("config.json"), JSON.stringify({ ...configuration, policy: silentServer() }));
    const before = (await readFile(file("status.json"), "utf8")).replace("finished", "interrupted");
    await writeFile(file("status.json"), before);
    const { exitCode, stdout, stderr } = await interrupted("SIGINT", "train", "--resume", "runs/run");
    expect(exitCode, stderr).toBe(130);
    expect(stdout).toContain("the run can be resumed as before");
    expect(await readFile(file("status.json"), "utf8")).toBe(before);
    expect(existsSync(file("run.lock"))).toBe(false);
  });

  it("ends a comparison with 130, which goes on where it stopped", async () => {
    const { run: _, ...input } = tabularInput(directory, {
      policy: silentServer(),
      comparison: { algorithms: ["grpo", "dapo"], seeds: [1] },
    });
    await writeFile(join(directory, "fovea.config.json"), JSON.stringify(input));
    // A terminal's Ctrl-C reaches the member by itself; SIGTERM is what reaches it through fovea compare.
    const { exitCode, stdout, stderr } = await interrupted("SIGTERM", "compare", "--name", "duel");
    expect(exitCode, stderr).toBe(130);
    expect(stdout).toContain("not finished: grpo-seed-1 (pending), dapo-seed-1 (pending)");
    expect(existsSync(join(directory, "runs", "duel", "grpo-seed-1"))).toBe(false);
  });
});
