#!/usr/bin/env node
/**
 * Builds the native backend against a current libtensorflow: `npx fovea-build-tensorflow [--gpu] [--tensorflow <version>]`.
 *
 * The last release of tfjs-node downloads libtensorflow 2.9 (CUDA 11.2), which is too old for today's cards. Its binding compiles
 * unchanged against the library that a TensorFlow Python wheel carries, so this takes the wheel from PyPI, lays its library and
 * headers where the binding looks, compiles, and puts the result beside this package, where the engine finds it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FoveaError } from "@fovea-rl/core";

const TFJS_VERSION = "4.22.0";
const TENSORFLOW_VERSION = "2.21.0";
const NODE_GYP_VERSION = "11.5.0";
const packageRoot = join(import.meta.dirname, "..");

function run(
  what: string,
  command: string,
  parameters: readonly string[],
  directory: string,
  environment: NodeJS.ProcessEnv = {},
): void {
  console.log(`${what} ...`);
  const { status, error } = spawnSync(command, parameters, {
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw new FoveaError(`${what}: cannot run ${command} (${error.message}); is it installed?`);
  if (status !== 0) throw new FoveaError(`${what}: ${command} ${parameters.join(" ")} failed with exit code ${status}`);
}

/**
 * What compiles the binding runs outside of npm, and would not see where npm's configuration says that Node's headers are. Without such a
 * line it downloads them.
 */
function compilerEnvironment(executables: string): NodeJS.ProcessEnv {
  const asked = spawnSync("npm", ["config", "get", "nodedir"], { encoding: "utf8" });
  const headers = asked.status === 0 ? asked.stdout.trim() : "";
  return {
    PATH: `${executables}:${process.env["PATH"]}`,
    ...(headers === "" || headers === "undefined" || headers === "null" ? {} : { npm_config_nodedir: headers }),
  };
}

/** Lays libtensorflow and its headers into `deps/`, under the names that the binding links against. */
function placeLibrary(wheelContents: string, bindingDirectory: string): void {
  const library = join(bindingDirectory, "deps", "lib");
  mkdirSync(library, { recursive: true });
  for (const [inWheel, linked] of [
    ["libtensorflow_cc.so.2", "libtensorflow.so"],
    ["libtensorflow_framework.so.2", "libtensorflow_framework.so"],
  ] as const) {
    renameSync(join(wheelContents, "tensorflow", inWheel), join(library, inWheel));
    symlinkSync(inWheel, join(library, linked));
  }
  renameSync(join(wheelContents, "tensorflow", "include"), join(bindingDirectory, "deps", "include"));
}

function build(name: string, wheel: string): string {
  const target = join(packageRoot, "node_modules", "@tensorflow", name);
  if (existsSync(target)) throw new FoveaError(`${target} is there already; remove it to build anew`);
  // On the same file system as the target, so that moving is a rename.
  const work = mkdtempSync(join(packageRoot, ".tensorflow-build-"));
  try {
    run(
      `Downloading ${wheel} from PyPI`,
      "python3",
      ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", "wheel", wheel],
      work,
    );
    const file = readdirSync(join(work, "wheel"))[0]!;
    run("Unpacking it", "python3", ["-m", "zipfile", "-e", join("wheel", file), "contents"], work);
    run(
      `Fetching @tensorflow/${name}@${TFJS_VERSION} from npm`,
      "npm",
      [
        "install",
        "--silent",
        "--prefix",
        work,
        "--ignore-scripts",
        `@tensorflow/${name}@${TFJS_VERSION}`,
        `node-gyp@${NODE_GYP_VERSION}`,
      ],
      work,
    );
    const modules = join(work, "node_modules");
    const binding = join(modules, "@tensorflow", name);
    placeLibrary(join(work, "contents"), binding);
    const executables = join(modules, ".bin");
    run(
      "Compiling the binding",
      "node-pre-gyp",
      ["install", "--build-from-source"],
      binding,
      compilerEnvironment(executables),
    );
    // The binding must find the engine's own TensorFlow.js, not a second copy: backends register with one of them only. So its
    // copy stays behind, and its other dependencies move inside it.
    const inner = join(binding, "node_modules");
    mkdirSync(inner, { recursive: true });
    for (const entry of readdirSync(modules)) {
      if (entry !== "@tensorflow" && !entry.startsWith(".") && !existsSync(join(inner, entry))) {
        renameSync(join(modules, entry), join(inner, entry));
      }
    }
    mkdirSync(join(packageRoot, "node_modules", "@tensorflow"), { recursive: true });
    renameSync(binding, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}

try {
  const { values } = parseArgs({
    options: {
      gpu: { type: "boolean", default: false },
      tensorflow: { type: "string", default: TENSORFLOW_VERSION },
    },
  });
  const name = values.gpu ? "tfjs-node-gpu" : "tfjs-node";
  const wheel = `${values.gpu ? "tensorflow" : "tensorflow-cpu"}==${values.tensorflow}`;
  const target = build(name, wheel);
  console.log(
    `Built ${target}. Use it with the policy option backend: "${values.gpu ? "tensorflow-gpu" : "tensorflow"}".`,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
