/** Which kind of weights a path names: with what training goes on with, or for sampling alone. */
export type WeightsKind = "weights" | "sampler_weights";

export interface WeightsPath {
  readonly modelId: string;
  readonly kind: WeightsKind;
  readonly name: string;
}

export function formatWeightsPath({ modelId, kind, name }: WeightsPath): string {
  return `tinker://${modelId}/${kind}/${name}`;
}

/** The parts of `tinker://<model>/<kind>/<name>`, or `undefined` if it is none. */
export function parseWeightsPath(path: string): WeightsPath | undefined {
  const match = /^tinker:\/\/([\w:-]+)\/(weights|sampler_weights)\/([\w-]+)$/.exec(path);
  return match === null ? undefined : { modelId: match[1]!, kind: match[2] as WeightsKind, name: match[3]! };
}
