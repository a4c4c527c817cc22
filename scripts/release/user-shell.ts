import { execFile } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { promisify } from "node:util";
import { repository } from "./publishable-packages.ts";

const run = promisify(execFile);

/** Runs commands as someone would who has Node and npm, and knows nothing of this repository. */
export interface UserShell {
  /** @returns what the command printed, on stdout. @throws Error with all of its output. */
  run(directory: string, command: string, args: readonly string[]): Promise<string>;
}

function environment(registry: string): NodeJS.ProcessEnv {
  // What this process was started by (a test runner, a script of the workspace) must not leak into what is tried.
  const inherited = Object.entries(process.env).filter(
    ([key]) =>
      !/^(VITEST|TEST$|NODE_ENV$|NODE_OPTIONS$|PNPM|INIT_CWD$|npm_(package|lifecycle|command|execpath|node|config_user_agent))/.test(
        key,
      ),
  );
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.startsWith(repository));
  return {
    ...Object.fromEntries(inherited),
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    "npm_config_@fovea-rl:registry": registry,
    // Third-party packages may come from npm's cache; ours never do, as their registry forbids it.
    npm_config_prefer_offline: "true",
    npm_config_fund: "false",
    npm_config_audit: "false",
    npm_config_update_notifier: "false",
  };
}

/** @param registry where packages of our scope are. */
export function userShell(registry: string): UserShell {
  const env = environment(registry);
  return {
    async run(directory, command, args) {
      try {
        const { stdout } = await run(command, [...args], { cwd: directory, env, maxBuffer: 2 ** 26 });
        return stdout;
      } catch (error) {
        const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
        throw new Error(`${command} ${args.join(" ")} failed\n${stdout}\n${stderr}`, { cause: error });
      }
    },
  };
}

/** Whether the registry that npm is configured to use answers. */
export async function isRegistryReachable(): Promise<boolean> {
  const { stdout } = await run("npm", ["config", "get", "registry"], { cwd: "/" });
  const registry = stdout.trim().replace(/\/?$/, "/");
  return fetch(new URL("zod", registry), { method: "HEAD", signal: AbortSignal.timeout(10_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
