#!/usr/bin/env node
/**
 * Puts the optional packages of the backend `webgpu` (150 MB) beside this package in a checkout of the workspace, whose lockfile does not
 * know them: `node packages/policy-tfjs/scripts/install-webgpu.mjs`. Elsewhere it is `npm install`, as the README says.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const modules = join(import.meta.dirname, "../node_modules");
const PACKAGES = ["webgpu@0.6.2", "@tensorflow/tfjs-backend-webgpu@4.22.0"];
/** Its kernels for small tensors are those of this backend, which the workspace has already. */
const CPU_BACKEND = "@tensorflow/tfjs-backend-cpu";

const work = mkdtempSync(join(tmpdir(), "fovea-webgpu-"));
try {
  // Peers, TensorFlow.js itself among them, must be the workspace's own. Scripts: the only one is for macOS's quarantine of downloads.
  const options = [
    "--prefix",
    work,
    "--no-save",
    "--no-package-lock",
    "--legacy-peer-deps",
    "--ignore-scripts",
    "--no-audit",
  ];
  const { status } = spawnSync("npm", ["install", ...options, ...PACKAGES], { stdio: "inherit" });
  if (status !== 0) throw new Error(`npm could not install ${PACKAGES.join(" and ")}`);
  for (const specifier of PACKAGES) {
    const name = specifier.slice(0, specifier.lastIndexOf("@"));
    rmSync(join(modules, name), { recursive: true, force: true });
    cpSync(join(work, "node_modules", name), join(modules, name), { recursive: true });
  }
  const tensorflow = realpathSync(join(modules, "@tensorflow/tfjs/package.json"));
  const cpuBackend = createRequire(tensorflow).resolve(`${CPU_BACKEND}/package.json`);
  if (!existsSync(join(modules, CPU_BACKEND))) symlinkSync(dirname(cpuBackend), join(modules, CPU_BACKEND));
} finally {
  rmSync(work, { recursive: true });
}
