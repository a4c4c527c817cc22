import type { PolicyContext } from "@fovea-rl/core";
import { checkTemperature, warnOfLimits } from "./check-server.ts";
import type { TrainingChannel } from "./connection/training-channel.ts";
import type { TinkerPolicyOptions } from "./policy-options.ts";
import { type ProbeFindings, probeServer } from "./probe-server.ts";
import { resolveModelDirectory } from "./prompt/model-directory.ts";
import { type PromptEncoder, readPromptEncoder } from "./prompt/prompt-encoder.ts";
import { ServerSession } from "./server-session.ts";

/** What an engine is made of once its server is asked. */
export interface EngineParts {
  readonly options: TinkerPolicyOptions;
  readonly context: PolicyContext;
  readonly encoder: PromptEncoder;
  readonly session: ServerSession;
  readonly channel: TrainingChannel;
  readonly findings: ProbeFindings;
  readonly referenceSession: ServerSession | undefined;
}

/**
 * Reads the model's small files, opens the sessions, makes the model and asks it for what servers do not declare.
 *
 * @throws FoveaError if the server cannot be reached or cannot do what the options and the context ask; nothing stays open.
 */
export async function openServer(options: TinkerPolicyOptions, context: PolicyContext): Promise<EngineParts> {
  const { baseDirectory = process.cwd(), packageDirectories, trainingTemperature, signal } = context;
  const modelDirectory = await resolveModelDirectory(options.modelFiles, baseDirectory, packageDirectories);
  const { maximumPixels, minimumPixels } = options.images;
  const encoder = await readPromptEncoder(modelDirectory, {
    ...(maximumPixels === undefined ? {} : { maximumPixels }),
    ...(minimumPixels === undefined ? {} : { minimumPixels }),
  });
  const { exchangeSeconds, operationSeconds, openingSeconds, retry } = options;
  const shared = { exchangeSeconds, operationSeconds, openingSeconds, retry, baseDirectory, signal };
  const opened: ServerSession[] = [];
  try {
    const session = await ServerSession.open({ ...shared, server: options.server, baseModel: options.baseModel });
    opened.push(session);
    checkTemperature(session, trainingTemperature);
    let referenceSession: ServerSession | undefined;
    if (options.reference === "base-model") referenceSession = session;
    else if (options.reference !== "none") {
      referenceSession = await ServerSession.open({ ...shared, ...options.reference });
      opened.push(referenceSession);
      checkTemperature(referenceSession, trainingTemperature);
    }
    const channel = await session.createModel(options.lora, { signal });
    const marksPrefix = session.extension?.prefix_chunks ?? false;
    const findings = await probeServer(channel, encoder, marksPrefix, session.origin, { signal });
    warnOfLimits(session, options, findings);
    return { options, context, encoder, session, channel, findings, referenceSession };
  } catch (error) {
    for (const session of opened) session.close();
    throw error;
  }
}
