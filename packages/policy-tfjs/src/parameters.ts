import { createHash } from "node:crypto";
import { disassembleParameter, type ParameterLayout } from "./parameter-layout.ts";
import type { NamedTensor } from "./safetensors.ts";

/** The numbers of one step of AdamW that are the same for all parameters. */
export interface AdamWCoefficients {
  /** What gradients are multiplied by. */
  readonly scale: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** learningRate / (1 - beta1^t) */
  readonly firstCorrection: number;
  /** 1 / (1 - beta2^t) */
  readonly secondCorrection: number;
  /** 1 - learningRate * weightDecay */
  readonly keep: number;
}

/** What a step of AdamW reads beside the weights. */
export interface StepOperands<Set extends Parameters> {
  readonly gradient: Set;
  /** Written over, as the weights are. */
  readonly firstMoments: Set;
  readonly secondMoments: Set;
}

/**
 * A value for each parameter of a model, in the order of its layouts: its weights, their gradient, or the optimiser's moments. Where the
 * values lie is the executor's matter that made them; those that work together must be of the same.
 */
export abstract class Parameters {
  readonly layouts: readonly ParameterLayout[];

  constructor(layouts: readonly ParameterLayout[]) {
    this.layouts = layouts;
  }

  /** A copy of one parameter's values. */
  abstract values(name: string): Promise<Float32Array>;
  /** Others of the same values. */
  abstract copy(): this;
  /** Others that are all 0. */
  abstract zeros(): this;
  /** this += other. */
  abstract add(other: this): Promise<void>;
  /** Sum of squares of all values. */
  abstract squares(): Promise<number>;
  /** Takes these for weights, and steps them. */
  abstract step(operands: StepOperands<this>, coefficients: AdamWCoefficients): Promise<void>;
  /** Gives back what it holds; it must not be used afterwards. */
  abstract dispose(): void;

  /** Number of scalars. */
  count(): number {
    return this.layouts.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  }

  /** As checkpoint tensors, by their Hugging Face names. */
  async toCheckpoint(): Promise<Map<string, NamedTensor>> {
    const tensors = new Map<string, NamedTensor>();
    for (const layout of this.layouts) {
      const values = await this.values(layout.name);
      for (const [name, tensor] of disassembleParameter(layout, values)) tensors.set(name, tensor);
    }
    return tensors;
  }

  /** SHA-256 over names, shapes and values. */
  async fingerprint(): Promise<string> {
    const hash = createHash("sha256");
    for (const [name, tensor] of [...(await this.toCheckpoint())].sort(([left], [right]) => (left < right ? -1 : 1))) {
      hash.update(JSON.stringify([name, tensor.shape]));
      hash.update(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
    }
    return hash.digest("hex");
  }
}
