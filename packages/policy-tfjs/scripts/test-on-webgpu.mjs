#!/usr/bin/env node
/**
 * Runs this package's tests on WebGPU, on a Vulkan device in software:
 * `node packages/policy-tfjs/scripts/test-on-webgpu.mjs [--install]`.
 *
 * Takes Mesa's lavapipe, or what VK_DRIVER_FILES or VK_ICD_FILENAMES names. Where that or the packages are missing it says so, loudly, and
 * ends with exit code 0, for it has nothing to test; otherwise with vitest's. With --install it fetches the packages where there is a device.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const packageRoot = join(import.meta.dirname, "..");
const workspaceRoot = join(packageRoot, "../..");
const PACKAGES = ["webgpu", "@tensorflow/tfjs-backend-webgpu"];
/** Where Vulkan's loader looks for the descriptions of drivers. */
const DRIVER_DIRECTORIES = ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"];
const INSTALL = "packages/policy-tfjs/scripts/install-webgpu.mjs";

/** Prints the adapter that Dawn would take as JSON, or `null` if it takes none. In a process of its own: drivers are chosen once. */
const PROBE = `
  import { create } from "webgpu";
  const adapter = await create([]).requestAdapter();
  console.log(JSON.stringify(adapter && { architecture: adapter.info.architecture, description: adapter.info.description }));
  process.exit(0);
`;

/** @returns {never} */
function notRun(/** @type {string} */ why) {
  const lines = ["NOT RUN: the engine's tests on WebGPU.", ...why.split("\n")];
  const width = Math.max(...lines.map((line) => line.length));
  const edge = "#".repeat(width + 4);
  console.log([edge, ...lines.map((line) => `# ${line.padEnd(width)} #`), edge].join("\n"));
  process.exit(0);
}

function driverFiles() {
  const given = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"];
  if (given !== undefined) return [given];
  return DRIVER_DIRECTORIES.filter((directory) => existsSync(directory)).flatMap((directory) =>
    readdirSync(directory)
      .filter((file) => /^lvp_icd\b.*\.json$/.test(file))
      .map((file) => join(directory, file)),
  );
}

/** @returns {{ readonly architecture: string, readonly description: string } | null} */
function adapterOf(/** @type {NodeJS.ProcessEnv} */ env) {
  const probe = spawnSync(process.execPath, ["--input-type=module", "--eval", PROBE], {
    cwd: packageRoot,
    encoding: "utf8",
    env,
    timeout: 60_000,
  });
  const lines = probe.stdout.split("\n").filter((line) => line.startsWith("{"));
  return lines.length === 0 ? null : JSON.parse(lines.at(-1) ?? "null");
}

const drivers = driverFiles();
if (drivers.length === 0) {
  notRun("No Vulkan device in software is installed. Mesa's lavapipe is one (Debian: mesa-vulkan-drivers).");
}
const isMissing = () => PACKAGES.some((name) => !existsSync(join(packageRoot, "node_modules", name)));
if (isMissing() && process.argv.includes("--install")) {
  spawnSync(process.execPath, [join(workspaceRoot, INSTALL)], { stdio: "inherit" });
}
if (isMissing()) notRun(`Not installed: ${PACKAGES.join(" and ")}. To get them: node ${INSTALL}`);
for (const driver of drivers) {
  const env = { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, FOVEA_TEST_BACKEND: "webgpu" };
  const adapter = adapterOf(env);
  if (adapter === null) continue;
  console.log(`The engine's tests on WebGPU, on ${adapter.description} (${driver}):`);
  // One file at a time: the device takes all cores for itself.
  const vitest = [
    join(workspaceRoot, "node_modules/vitest/vitest.mjs"),
    "run",
    "packages/policy-tfjs",
    "--maxWorkers=1",
  ];
  const { status } = spawnSync(process.execPath, vitest, { cwd: workspaceRoot, stdio: "inherit", env });
  process.exit(status ?? 1);
}
notRun(
  `Dawn takes none of the devices of ${drivers.join(", ")}.\nMesa 22.3 (Debian 12) is too old for it; 25.0 (Debian 12's backports) is not.`,
);
