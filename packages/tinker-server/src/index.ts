export type { TinkerServerOptions } from "./server-options.ts";
export { SERVER_DEFAULTS } from "./server-options.ts";
export type { RunningServer } from "./tinker-server.ts";
export { startTinkerServer } from "./tinker-server.ts";
