import { type Cancellable, FoveaError, UnfinishedWorkError } from "@fovea-rl/core";
import {
  type Capabilities,
  capabilitiesSchema,
  createSessionResultSchema,
  type FoveaExtension,
  modelCreatedSchema,
  samplingSessionSchema,
} from "@fovea-rl/tinker-protocol";
import { z } from "zod";
import { checkServerUrl, readApiKey } from "./connection/api-key.ts";
import type { Backoff } from "./connection/backoff.ts";
import { startHeartbeat } from "./connection/heartbeat.ts";
import { TinkerConnection } from "./connection/tinker-connection.ts";
import { TrainingChannel } from "./connection/training-channel.ts";
import type { ServerOptions } from "./policy-options.ts";
import { warn } from "./warn.ts";

const CLIENT_VERSION = "fovea/0.1.0";

export interface SessionOptions {
  readonly server: ServerOptions;
  /** The first that the server offers, if none is named. */
  readonly baseModel: string | undefined;
  readonly exchangeSeconds: number;
  readonly operationSeconds: number;
  readonly retry: Backoff;
  readonly baseDirectory: string;
  /** How long the server may take to answer for the first time. */
  readonly openingSeconds: number;
  /** Ends the opening. */
  readonly signal: AbortSignal | undefined;
}

function chooseModel({ supported_models: models }: Capabilities, wanted: string | undefined, origin: string) {
  const offered = models.flatMap(({ model_name: name }) => (name ? [name] : []));
  const name = wanted ?? offered[0];
  if (name === undefined)
    throw new FoveaError(`${origin} offers no model; name one in the policy's option "baseModel"`);
  if (offered.length > 0 && !offered.includes(name)) {
    throw new FoveaError(`${origin} does not offer the model "${name}"; it offers ${offered.join(", ")}`);
  }
  return {
    name,
    maximumContext: models.find(({ model_name }) => model_name === name)?.max_context_length ?? undefined,
  };
}

/** A session with one server, alive until it is closed. */
export class ServerSession {
  readonly connection: TinkerConnection;
  readonly sessionId: string;
  readonly baseModel: string;
  readonly origin: string;
  /** As the server says it. */
  readonly maximumContext: number | undefined;
  /** What the server can do beyond the protocol. */
  readonly extension: FoveaExtension | undefined;
  readonly #stopHeartbeat: () => void;
  #modelCount = 0;
  #samplerCount = 0;

  private constructor(
    connection: TinkerConnection,
    sessionId: string,
    origin: string,
    model: ReturnType<typeof chooseModel>,
    extension: FoveaExtension | undefined,
  ) {
    this.connection = connection;
    this.sessionId = sessionId;
    this.origin = origin;
    this.baseModel = model.name;
    this.maximumContext = model.maximumContext;
    this.extension = extension;
    this.#stopHeartbeat = startHeartbeat(connection, sessionId);
  }

  /** @throws FoveaError if the server cannot be reached, refuses the key or lacks the model. */
  static async open(options: SessionOptions): Promise<ServerSession> {
    const apiKey = await readApiKey(options.server.apiKey, options.baseDirectory);
    const url = checkServerUrl(options.server.url, apiKey !== undefined, options.server.allowPlainHttp);
    const { exchangeSeconds, operationSeconds, openingSeconds: seconds, signal, retry: backoff } = options;
    const connection = new TinkerConnection({ url, apiKey, exchangeSeconds, operationSeconds, backoff });
    // A wrong address must not look like a server that is busy for an hour.
    const capabilities = await connection
      .call("/get_server_capabilities", capabilitiesSchema, undefined, { signal, seconds })
      .catch((error: Error) => {
        if (!(error instanceof UnfinishedWorkError) || signal?.aborted) throw error;
        throw new UnfinishedWorkError(`no server answers at ${url.origin} (server.url): ${error.message}`, {
          cause: error,
        });
      });
    const model = chooseModel(capabilities, options.baseModel, url.origin);
    const { session_id, error_message, warning_message } = await connection.call(
      "/create_session",
      createSessionResultSchema,
      { tags: ["fovea"], user_metadata: {}, sdk_version: CLIENT_VERSION, type: "create_session" },
      { signal },
    );
    if (warning_message) warn(`${url.origin} says: ${warning_message}`);
    if (error_message) throw new FoveaError(`${url.origin} says: ${error_message}`);
    return new ServerSession(connection, session_id, url.origin, model, capabilities.fovea);
  }

  /** A new model with the base model's weights. */
  async createModel(
    lora: { readonly rank: number; readonly seed?: number | undefined },
    { signal }: Cancellable = {},
  ): Promise<TrainingChannel> {
    const body = {
      session_id: this.sessionId,
      model_seq_id: this.#modelCount++,
      base_model: this.baseModel,
      lora_config: { rank: lora.rank, ...(lora.seed === undefined ? {} : { seed: lora.seed }) },
      model_role: "policy",
      type: "create_model",
    };
    const { model_id } = await this.connection.operation("/create_model", modelCreatedSchema, body, { signal });
    return new TrainingChannel(this.connection, model_id);
  }

  async unloadModel(modelId: string, { signal }: Cancellable = {}): Promise<void> {
    const body = { model_id: modelId, type: "unload_model" };
    await this.connection.operation("/unload_model", z.unknown(), body, { signal });
  }

  /** Numbers the samplers of the session. */
  nextSamplerNumber(): number {
    return this.#samplerCount++;
  }

  /** @param modelPath saved weights; the base model without them. */
  async createSampler(modelPath?: string, { signal }: Cancellable = {}): Promise<string> {
    const body = {
      session_id: this.sessionId,
      sampling_session_seq_id: this.nextSamplerNumber(),
      ...(modelPath === undefined ? { base_model: this.baseModel } : { model_path: modelPath }),
      type: "create_sampling_session",
    };
    const result = await this.connection.call("/create_sampling_session", samplingSessionSchema, body, { signal });
    return result.sampling_session_id;
  }

  close(): void {
    this.#stopHeartbeat();
    this.connection.close();
  }
}
