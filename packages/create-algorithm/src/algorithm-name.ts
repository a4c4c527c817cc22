import { CreateAlgorithmError } from "./create-algorithm-error.ts";

export interface AlgorithmName {
  /** As in configurations and reports: `my-algorithm`. */
  readonly name: string;
  /** What was asked for: `my-algorithm` or `@me/my-algorithm`. */
  readonly packageName: string;
}

const part = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const pattern = new RegExp(`^(?:@${part}/)?(?<name>[a-z](?:[a-z0-9-]*[a-z0-9])?)$`);
/** What npm accepts at most. */
const LONGEST_PACKAGE_NAME = 214;
/** @throws CreateAlgorithmError saying what a name may look like. */
export function parseAlgorithmName(packageName: string): AlgorithmName {
  const name = packageName.match(pattern)?.groups?.["name"];
  if (name === undefined || packageName.length > LONGEST_PACKAGE_NAME) {
    throw new CreateAlgorithmError(
      `"${packageName}" cannot be the name of a package: use lower-case letters, digits and hyphens, a letter first, ` +
        "as in my-algorithm or @my-scope/my-algorithm",
    );
  }
  return { name, packageName };
}
