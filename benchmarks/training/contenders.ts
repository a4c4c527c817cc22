import { existsSync } from "node:fs";
import { join } from "node:path";
import { WorkerProcess } from "./worker-process.ts";

/** How many cores all contenders share, and where the peers' Python is. */
export interface Arena {
  readonly cores: number;
  readonly python: string;
  /** Where the peers compute: `cpu`, or `cuda` beside an engine on an accelerator. */
  readonly device: string;
}

export const BACKENDS = ["wasm", "tensorflow", "tensorflow-gpu", "webgpu"] as const;
export type Backend = (typeof BACKENDS)[number];
export type Peer = "pytorch" | "trl";

function pinning({ cores }: Arena): string | undefined {
  return existsSync("/usr/bin/taskset") ? `0-${cores - 1}` : undefined;
}

/** The embedded engine on one backend, with options of its own besides. */
export function startEngine(
  workload: string,
  backend: Backend,
  arena: Arena,
  { label = `fovea ${backend}`, ...options }: { readonly label?: string; readonly [option: string]: unknown } = {},
): Promise<WorkerProcess> {
  const parameters = ["--conditions=@fovea-rl/source", "engine-worker.ts", workload];
  const command = {
    program: process.execPath,
    parameters: [...parameters, JSON.stringify({ backend, ...options })],
    environment: { TF_CPP_MIN_LOG_LEVEL: "3", TF_NUM_INTRAOP_THREADS: String(arena.cores) },
  };
  return WorkerProcess.start(label, command, pinning(arena));
}

export function startPeer(workload: string, peer: Peer, arena: Arena): Promise<WorkerProcess> {
  const command = {
    program: arena.python,
    parameters: [join("peer", `${peer}_worker.py`), workload, String(arena.cores), arena.device],
    environment: { OMP_NUM_THREADS: String(arena.cores), TOKENIZERS_PARALLELISM: "false", HF_HUB_OFFLINE: "1" },
  };
  return WorkerProcess.start(peer === "trl" ? "TRL" : "PyTorch", command, pinning(arena));
}
