// The page is the app viewer's; it is carried here so that what is published needs no app.
import { cpSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const viewer = dirname(createRequire(import.meta.url).resolve("@fovea-rl/viewer/package.json"));
rmSync("dist/page", { recursive: true, force: true });
cpSync(join(viewer, "dist"), "dist/page", { recursive: true });
