import { defineConfig } from "vitest/config";

// A device in software compiles each shader for seconds before it runs it.
const patience = process.env["FOVEA_TEST_BACKEND"] === "webgpu" ? 20 : 1;

export default defineConfig({
  // Tests run against sources, so that no build stands between an edit and its test.
  ssr: { resolve: { conditions: ["@fovea-rl/source"], externalConditions: ["@fovea-rl/source"] } },
  resolve: { conditions: ["@fovea-rl/source"] },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/create-algorithm/template/shared/**/*.test.ts",
      "apps/*/src/**/*.test.ts",
      "scripts/**/*.test.ts",
      "docs/**/*.test.ts",
      "end-to-end/src/**/*.test.ts",
    ],
    pool: "forks",
    // Plug-ins are looked up by name at run time: that resolution is Node's own and needs the condition too.
    execArgv: ["--conditions=@fovea-rl/source"],
    testTimeout: 60_000 * patience,
    hookTimeout: 120_000 * patience,
  },
});
