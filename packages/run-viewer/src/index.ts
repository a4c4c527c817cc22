export type { ReportOptions } from "./build-report.ts";
export { buildReport } from "./build-report.ts";
export { RunLibrary } from "./run-library.ts";
export type { RunServer, ServeOptions } from "./serve-runs.ts";
export { serveRuns } from "./serve-runs.ts";
