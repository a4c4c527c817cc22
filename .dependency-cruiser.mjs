// The import direction of the design: apps -> policy-*, algo-*, rewards, tasks -> perception -> core.
const only = (from, allowed) => ({
  name: `${from.replaceAll(/[^a-z]+/g, "-")}-imports-only-${allowed.join("-or-") || "nothing"}`,
  severity: "error",
  from: { path: `^packages/${from}/src`, pathNot: "\\.test\\.ts$" },
  to: { path: "^(packages|apps)/", pathNot: `^packages/(${[from, ...allowed].join("|")})/` },
});

export default {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "nobody-imports-an-app", severity: "error", from: { path: "^packages" }, to: { path: "^apps/" } },
    {
      name: "apps-do-not-import-each-other",
      severity: "error",
      from: { path: "^apps/([^/]+)/" },
      to: { path: "^apps/", pathNot: "^apps/$1/" },
    },
    only("core", []),
    only("perception", ["core"]),
    only("rewards", ["core"]),
    only("tasks", ["core"]),
    only("policy-tfjs", ["core"]),
    only("algo-(?!vppo|papo)[a-z]+", ["core"]),
    only("algo-(vppo|papo)", ["core", "perception", "algo-grpo", "algo-dapo"]),
    only("testkit", ["core"]),
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|node_modules|template)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@fovea-rl/source", "import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".json"],
    },
  },
};
