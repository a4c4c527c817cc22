import { defineConfig } from "vite";

export default defineConfig({
  resolve: { conditions: ["@fovea-rl/source", "module", "browser", "import", "default"] },
  build: {
    target: "es2022",
    // One script and one style: a report holds the page in a single file.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    rollupOptions: { output: { entryFileNames: "viewer.js", assetFileNames: "viewer[extname]" } },
  },
});
