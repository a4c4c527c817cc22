// Compiles assembly/*.ts to WebAssembly and writes src/kernels/*-binary.ts: `pnpm build:kernels`. The result is committed, so that
// neither an install nor a run needs the compiler; a test compares the two.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import compiler from "assemblyscript/asc";

const root = join(import.meta.dirname, "..");

const memoryOptions = {
  // Works on TensorFlow.js's memory, and must therefore have no data of its own.
  adamw: ["--importMemory", "--noExportMemory"],
  "model-kernels": ["--enable=relaxed-simd"],
};

/** The bytes of one kernel, as base64. */
export async function compileKernel(name) {
  let binary;
  const { error, stderr } = await compiler.main(
    [
      `assembly/${name}.ts`,
      "--baseDir",
      root,
      "--outFile=kernel.wasm",
      "-O3",
      "--enable=simd",
      ...memoryOptions[name],
      "--runtime=stub",
      "--noAssert",
      ...(process.env.NAMES ? ["--debug"] : []),
    ],
    {
      writeFile: (file, contents) => {
        if (file === "kernel.wasm") binary = contents;
      },
    },
  );
  if (error !== null) throw new Error(`${name} does not compile: ${stderr.toString()}`);
  return Buffer.from(binary).toString("base64");
}

export const kernels = Object.keys(memoryOptions);

if (process.argv[1] === import.meta.filename) {
  for (const name of kernels) {
    const lines = (await compileKernel(name)).match(/.{1,110}/g).map((line) => `  "${line}"`);
    const constant = `${name.replaceAll("-", "_").toUpperCase()}_BINARY`;
    writeFileSync(
      join(root, "src", "kernels", `${name}-binary.ts`),
      `/** Compiled from assembly/${name}.ts by \`pnpm build:kernels\`; do not edit. Base64. */\nexport const ${constant} =\n${lines.join(" +\n")};\n`,
    );
  }
}
