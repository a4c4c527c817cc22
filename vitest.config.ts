import { defineConfig } from "vitest/config";

export default defineConfig({
  // Tests run against sources, so that no build stands between an edit and its test.
  ssr: { resolve: { conditions: ["@fovea-rl/source"], externalConditions: ["@fovea-rl/source"] } },
  resolve: { conditions: ["@fovea-rl/source"] },
  test: {
    include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "scripts/**/*.test.ts", "docs/**/*.test.ts"],
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
