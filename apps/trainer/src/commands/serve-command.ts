import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { FoveaError } from "@fovea-rl/core";
import { policyOptionsSchema } from "@fovea-rl/policy-tfjs";
import { SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { Command } from "commander";
import { trainerDirectory } from "../trainer-package.ts";
import { abortOnInterrupt } from "./interruption.ts";
import { positiveNumber, wholeNumber } from "./option-values.ts";

/** Beyond any wait that is not ended by Ctrl-C. */
const LONG = 2 ** 31 - 1;
const KEY_VARIABLE = "FOVEA_SERVE_API_KEY";

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly backend?: string;
  readonly directory: string;
  readonly apiKeyFile?: string;
  readonly temperature: number;
  readonly workers?: number;
}

/** Keys come from a file or the environment: an argument could be read by everybody on the machine. */
async function readKey(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return process.env[KEY_VARIABLE] || undefined;
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new FoveaError(`--api-key-file: cannot read ${file}: ${error.message}`);
  });
  if (text.trim() === "") throw new FoveaError(`--api-key-file: ${file} is empty`);
  return text.trim();
}

async function runServe(model: string | undefined, options: ServeOptions): Promise<void> {
  const { host, port, backend, directory, apiKeyFile, temperature, workers } = options;
  // Checked here for the message; what is not given is the server's to decide.
  const backendName = policyOptionsSchema.shape.backend.safeParse(backend);
  if (!backendName.success) throw new FoveaError(`--backend: ${backendName.error.issues[0]!.message}`);
  if (workers === 0) throw new FoveaError("--workers: it takes at least 1");
  const policy = {
    ...(model === undefined ? {} : { model }),
    ...(backend === undefined ? {} : { backend: backendName.data }),
    ...(workers === undefined ? {} : { workers }),
  };
  const apiKey = await readKey(apiKeyFile);
  const server = await startTinkerServer({
    policy,
    host,
    port,
    directory,
    trainingTemperature: temperature,
    pollMilliseconds: SERVER_DEFAULTS.pollMilliseconds,
    packageDirectories: [process.cwd(), trainerDirectory],
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  const { signal, stop } = abortOnInterrupt(() => {});
  const lock = apiKey === undefined ? "for this machine alone, without a key" : "with a key (header X-API-Key)";
  process.stdout.write(`${server.url}\nserves ${server.modelName} ${lock}; weights in ${directory}; Ctrl-C ends it\n`);
  try {
    while (!signal.aborted) await setTimeout(LONG, undefined, { signal }).catch(() => {});
  } finally {
    stop();
    await server.close();
  }
}

export function serveCommand(): Command {
  return new Command("serve")
    .description("serve a model to a trainer elsewhere over the Tinker protocol")
    .argument("[model]", "checkpoint directory or package; default: the digits task's base policy")
    .option("--host <host>", "where to listen; beyond this machine a key is required", SERVER_DEFAULTS.host)
    .option("--port <port>", "0 takes any free one", wholeNumber, SERVER_DEFAULTS.port)
    .option("--backend <name>", "of the embedded engine; default: wasm")
    .option(
      "--workers <n>",
      "threads that compute beside the one that answers; 1: that one itself, which then keeps clients waiting",
      wholeNumber,
    )
    .option("--directory <path>", "where saved weights lie", "fovea-served")
    .option("--api-key-file <path>", `file with the key; default: the environment variable ${KEY_VARIABLE}`)
    .option("--temperature <t>", "training temperature of all log-probabilities", positiveNumber, 1)
    .addHelpText(
      "after",
      `
Trainers use it with policy "@fovea-rl/policy-tinker"; so does the official Python client, tinker.

Examples:
  $ fovea serve
  $ fovea serve ./SmolVLM-256M-Instruct --host 0.0.0.0 --api-key-file key.txt --backend tensorflow-gpu`,
    )
    .action(runServe);
}
