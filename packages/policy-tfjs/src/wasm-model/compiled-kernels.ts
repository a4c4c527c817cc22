import v8 from "node:v8";
import { FoveaError } from "@fovea-rl/core/fovea-error";
import type { KernelExports } from "./kernel-exports.ts";
import { KernelMemory } from "./kernel-memory.ts";
import { MODEL_KERNELS_BINARY } from "./model-kernels-binary.ts";

/** Node has WebAssembly, but its types come with the browser's only. */
interface WebAssemblyNamespace {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}
const { WebAssembly: webAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyNamespace };

/** The kernels in machine code, and what they found of the machine. Can be sent to other threads. */
export interface CompiledKernels {
  /** A WebAssembly.Module. */
  readonly module: object;
  /** Whether tiles of six rows and sixteen columns are the faster ones here; others give the same bits. */
  readonly wideTiles: boolean;
  /** Whether a product and a sum round once. Where they round twice, results have other bits. */
  readonly fusesMultiplyAdd: boolean;
}

/**
 * What V8 is told while it compiles the kernels, and no longer: everything at once and optimised for good, rather than bit by bit as
 * functions are called. Pairs of WebAssembly's vectors of four floats become vectors of eight where the processor has them, which changes
 * no bit; V8 13 and 14 can (Node 24 to 26), and call it experimental. V8 11 (Node 20) must be asked for relaxed SIMD. Versions on which
 * this was not tried are told nothing.
 */
function compilerFlags(): readonly (readonly [on: string, off: string])[] {
  const version = Number.parseInt(process.versions.v8, 10);
  if (version < 11 || version > 14) return [];
  const flags: (readonly [string, string])[] = [
    ["--no-liftoff", "--liftoff"],
    ["--no-wasm-lazy-compilation", "--wasm-lazy-compilation"],
  ];
  if (version >= 13) {
    flags.push(["--experimental-wasm-revectorize", "--no-experimental-wasm-revectorize"]);
    // Inlining wants counts of calls, which code that is optimised at once has not made: V8 14 would end the process.
    flags.push(["--no-wasm-inlining", "--wasm-inlining"]);
  }
  if (version === 11) flags.push(["--experimental-wasm-relaxed-simd", "--no-experimental-wasm-relaxed-simd"]);
  return flags;
}

function compile(): object {
  const flags = compilerFlags();
  try {
    for (const [on] of flags) v8.setFlagsFromString(on);
    return new webAssembly.Module(Buffer.from(MODEL_KERNELS_BINARY, "base64"));
  } catch (error) {
    throw new FoveaError(
      `the engine's kernels need WebAssembly with SIMD and relaxed SIMD, which Node ${process.versions.node} does not compile here; use Node 22 or later`,
      { cause: error },
    );
  } finally {
    for (const [, off] of flags) v8.setFlagsFromString(off);
  }
}

/** An instance of the kernels on a memory. */
export function instantiateKernels(
  { module, wideTiles }: Omit<CompiledKernels, "fusesMultiplyAdd">,
  { shared: { memory } }: KernelMemory,
): KernelExports {
  const run = new webAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
  run.setWideTiles(Number(wideTiles));
  return run;
}

/** Milliseconds of the fastest of some small products. */
function fastestProduct(module: object, wideTiles: boolean): number {
  const memory = KernelMemory.create();
  const run = instantiateKernels({ module, wideTiles }, memory);
  const [rows, width] = [60, 64];
  const [a, panels, c] = [rows, width, rows].map((height) => memory.allocate(height * width)) as [
    number,
    number,
    number,
  ];
  let fastest = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 20; repeat++) {
    const start = performance.now();
    run.product(a, panels, 0, c, rows, width, width, 0);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest;
}

let compiled: CompiledKernels | undefined;

/** The kernels of this thread, compiled when first asked for: some milliseconds. */
export function compiledKernels(): CompiledKernels {
  if (compiled === undefined) {
    const module = compile();
    // What is compiled later cannot be timed now.
    const wideTiles = compilerFlags().length > 0 && fastestProduct(module, true) < fastestProduct(module, false);
    const run = instantiateKernels({ module, wideTiles }, KernelMemory.create());
    compiled = { module, wideTiles, fusesMultiplyAdd: run.fusesMultiplyAdd(1 + 2 ** -12, 1 + 2 ** -11) !== 0 };
  }
  return compiled;
}

/** What the kernels found of this machine, for people. @throws FoveaError if they do not compile. */
export function describeKernels(): string {
  const { wideTiles, fusesMultiplyAdd } = compiledKernels();
  const isOlderV8 = Number.parseInt(process.versions.v8, 10) < 13;
  return [
    fusesMultiplyAdd ? "fused multiply-adds" : "multiply-adds that round twice: results have other bits than elsewhere",
    wideTiles ? "wide register tiles" : "narrow register tiles",
    ...(process.arch === "x64" && isOlderV8 ? ["Node 24 or later can be nearly twice as fast"] : []),
  ].join(", ");
}

/** Takes the kernels that another thread has compiled. */
export function adoptKernels(kernels: CompiledKernels): void {
  compiled ??= kernels;
}
