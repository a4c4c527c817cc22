import { createHash } from "node:crypto";
import { disassembleParameter, type ParameterLayout } from "./parameter-layout.ts";
import type { StoredTensor, StoredTensors } from "./safetensors.ts";
import { shapeSize } from "./shape-size.ts";

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
    return this.layouts.reduce((sum, { shape }) => sum + shapeSize(shape), 0);
  }

  /** As checkpoint tensors, by their Hugging Face names; read while these stay as they are. */
  toCheckpoint(): StoredTensors {
    return new Map(
      this.layouts.flatMap((layout) =>
        layout.sources.map((source): [string, StoredTensor] => [
          source.name,
          {
            shape: source.shape,
            read: async () => disassembleParameter(layout, await this.values(layout.name), source),
          },
        ]),
      ),
    );
  }

  /** SHA-256 over names, shapes and values. */
  async fingerprint(): Promise<string> {
    const hash = createHash("sha256");
    for (const [name, tensor] of [...this.toCheckpoint()].sort(([left], [right]) => (left < right ? -1 : 1))) {
      hash.update(JSON.stringify([name, tensor.shape]));
      const data = await tensor.read();
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    return hash.digest("hex");
  }
}
