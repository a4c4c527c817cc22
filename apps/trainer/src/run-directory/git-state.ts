import { execFileSync } from "node:child_process";

export interface GitState {
  readonly commit: string;
  /** Whether files differ from the commit. */
  readonly modified: boolean;
}

/** The commit that a directory stands at; undefined where there is no repository, or no git. */
export function gitState(directory: string): GitState | undefined {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", directory, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return { commit: git("rev-parse", "HEAD"), modified: git("status", "--porcelain", "--untracked-files=no") !== "" };
  } catch {
    return undefined;
  }
}
