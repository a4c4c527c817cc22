import { type Advantage, FoveaError, type Loss, type LossInput, type LossOutput } from "@fovea-rl/core";

/** An error of an algorithm's own, told as such: a user must know which package to turn to. */
function blame(algorithm: string, part: string, cause: unknown): FoveaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FoveaError(`the ${part} of the algorithm "${algorithm}" failed: ${reason}`, { cause });
}

function checkLossOutput(algorithm: string, output: LossOutput): void {
  const refuse = (field: string, problem: string): never => {
    throw new FoveaError(`the loss of the algorithm "${algorithm}" is unusable: ${field} ${problem}`);
  };
  const requireScalar = (field: string, value: LossOutput["loss"] | undefined): void => {
    if (value === undefined || value === null || !Array.isArray(value.shape)) refuse(field, "must be a scalar tensor");
    if (value!.shape.length > 0) refuse(field, `must be a scalar, not of the shape [${value!.shape}]`);
  };
  if (typeof output !== "object" || output === null) refuse("what compute returned", "must be { loss, metrics }");
  requireScalar("loss", output.loss);
  if (typeof output.metrics !== "object" || output.metrics === null) refuse("metrics", "must be a record of scalars");
  for (const [name, metric] of Object.entries(output.metrics)) requireScalar(`metrics["${name}"]`, metric);
}

/** The same loss, whose errors and unusable results name the algorithm and the field. */
export function blamedLoss(loss: Loss, algorithm: string): Loss {
  return {
    columns: loss.columns,
    ...(loss.clipRange === undefined ? {} : { clipRange: loss.clipRange }),
    compute(input: LossInput): LossOutput {
      let output: LossOutput;
      try {
        output = loss.compute(input);
      } catch (error) {
        throw error instanceof FoveaError ? error : blame(algorithm, "loss", error);
      }
      checkLossOutput(algorithm, output);
      return output;
    },
  };
}

/** The same advantage, whose errors name the algorithm. What it returns is checked by `validateCredit`. */
export function blamedAdvantage(advantage: Advantage, algorithm: string): Advantage {
  return {
    async estimate(input) {
      try {
        return await advantage.estimate(input);
      } catch (error) {
        throw error instanceof FoveaError ? error : blame(algorithm, "advantage", error);
      }
    },
  };
}
