import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const requirements = join(import.meta.dirname, "peer", "requirements.txt");

function run(program: string, ...parameters: string[]): void {
  const { status, error } = spawnSync(program, parameters, { stdio: ["ignore", "ignore", "inherit"] });
  if (error !== undefined) throw new Error(`cannot run ${program}: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")} failed with exit code ${status}`);
}

/**
 * The peers' virtual environment, `benchmarks/.venv` or the one that FOVEA_BENCH_VENV names; made and filled where it does not
 * hold the pinned versions yet (several GB, minutes).
 *
 * @returns its Python.
 */
export function preparePeers(): string {
  const directory = process.env["FOVEA_BENCH_VENV"] ?? join(import.meta.dirname, "..", ".venv");
  const python = join(directory, "bin", "python");
  const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const stamp = join(directory, "fovea-requirements");
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  if (!existsSync(python)) run("python3", "-m", "venv", directory);
  console.log(`Installing the peers into ${directory} ...`);
  run(python, "-m", "pip", "install", "--quiet", "--requirement", requirements);
  writeFileSync(stamp, wanted);
  return python;
}
