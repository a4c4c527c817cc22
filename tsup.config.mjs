// One build description for every package: the entries are the package's own `exports` (their "@fovea-rl/source"
// condition), so a new entry point is declared in one place. Declarations come from `tsc` (tsup's own do not run on TypeScript 7).
import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const sources = Object.values(manifest.exports)
  .map((target) => target["@fovea-rl/source"])
  .filter(Boolean);
const commands = manifest.foveaCommands ?? [];

export default defineConfig({
  entry: Object.fromEntries(
    [...sources, ...commands].map((file) => [file.replace(/^\.\/src\//, "").replace(/\.ts$/, ""), file]),
  ),
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: true,
  clean: true,
  dts: false,
  splitting: true,
});
