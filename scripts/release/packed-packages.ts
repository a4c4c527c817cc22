import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import {
  type Manifest,
  type PublishablePackage,
  publishablePackages,
  readManifest,
  repository,
} from "./publishable-packages.ts";

const run = promisify(execFile);

export interface PackedPackage extends PublishablePackage {
  readonly tarball: string;
  /** Where the tarball lies unpacked. */
  readonly unpacked: string;
  /** The manifest that users get. */
  readonly published: Manifest;
  /** Paths within the tarball. */
  readonly files: readonly string[];
}

async function unpack(source: PublishablePackage, destination: string): Promise<PackedPackage> {
  const { name, version } = source.manifest;
  const tarball = join(destination, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  const unpacked = join(destination, name);
  mkdirSync(unpacked, { recursive: true });
  await run("tar", ["--extract", "--gzip", "--strip-components=1", "--file", tarball, "--directory", unpacked]);
  const files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)).split(sep).join("/"));
  return { ...source, tarball, unpacked, published: readManifest(unpacked), files: files.toSorted() };
}

/** Packs every publishable package as `changeset publish` would; they must be built. They are gone when this process ends. */
export async function packPackages(): Promise<readonly PackedPackage[]> {
  const destination = mkdtempSync(join(tmpdir(), "fovea-tarballs-"));
  process.on("exit", () => rmSync(destination, { recursive: true, force: true }));
  const packages = publishablePackages();
  const filters = packages.flatMap(({ manifest }) => ["--filter", manifest.name]);
  await run("pnpm", ["--recursive", ...filters, "pack", "--pack-destination", destination], { cwd: repository });
  return Promise.all(packages.map((source) => unpack(source, destination)));
}
