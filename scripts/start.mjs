// What `npm start` runs after install and build: a training run of fovea.config.ts, from the base policy to the report.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../apps/trainer/bin/fovea.js", import.meta.url));
const child = spawn(process.execPath, [command, "train", ...process.argv.slice(2)], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  stdio: "inherit",
});
// Ctrl-C reaches the child by itself; this process only waits for it to save.
process.on("SIGINT", () => {});
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
