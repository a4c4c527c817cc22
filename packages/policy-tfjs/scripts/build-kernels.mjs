// Compiles assembly/model-kernels.ts to WebAssembly and writes src/wasm-model/model-kernels-binary.ts: `pnpm build:kernels`. The result
// is committed, so that neither an install nor a run needs the compiler; a test compares the two.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import compiler from "assemblyscript/asc";

const root = join(import.meta.dirname, "..");

/** Memory is imported, and shared between threads; its first page is for constants. */
const memoryOptions = [
  "--importMemory",
  "--noExportMemory",
  "--sharedMemory",
  "--initialMemory=1",
  "--maximumMemory=65536",
  "--enable=threads",
];

/** The bytes of the kernels, as base64. */
export async function compileKernels() {
  let binary;
  const { error, stderr } = await compiler.main(
    [
      "assembly/model-kernels.ts",
      "--baseDir",
      root,
      "--outFile=kernels.wasm",
      "-O3",
      "--enable=simd",
      "--enable=relaxed-simd",
      ...memoryOptions,
      "--runtime=stub",
      "--noAssert",
      ...(process.env.NAMES ? ["--debug"] : []),
    ],
    {
      writeFile: (file, contents) => {
        if (file === "kernels.wasm") binary = contents;
      },
    },
  );
  if (error !== null) throw new Error(`the kernels do not compile: ${stderr.toString()}`);
  return Buffer.from(binary).toString("base64");
}

if (process.argv[1] === import.meta.filename) {
  const lines = (await compileKernels()).match(/.{1,110}/g).map((line) => `  "${line}"`);
  writeFileSync(
    join(root, "src", "wasm-model", "model-kernels-binary.ts"),
    `/** Compiled from assembly/model-kernels.ts by \`pnpm build:kernels\`; do not edit. Base64. */\nexport const MODEL_KERNELS_BINARY =\n${lines.join(" +\n")};\n`,
  );
}
