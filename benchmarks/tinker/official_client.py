"""Drives `fovea serve` with the official Python client of the Tinker protocol (PyPI: tinker, torch for its custom losses).

    fovea serve --port 8000 &
    TINKER_API_KEY=tml-local python benchmarks/tinker/official_client.py http://127.0.0.1:8000

Prints one line for each thing that was checked, and fails at the first that does not hold.
"""

import base64
import io
import math
import struct
import sys
import zlib

import tinker
import torch
from tinker import types


def png(width: int, height: int, shade) -> bytes:
    """A small RGB PNG, so that the script needs no imaging library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"".join(bytes([shade(x, y)] * 3) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def datum(prompt: types.ModelInput, image_length: int, answer: list[int], **inputs: list[float]) -> types.Datum:
    """An answer behind a prompt; loss inputs are given for the answer's tokens alone."""
    length = sum(image_length if chunk.type == "image" else len(chunk.tokens) for chunk in prompt.chunks)
    head = [token for chunk in prompt.chunks for token in ([0] * image_length if chunk.type == "image" else chunk.tokens)]
    chunks = [*prompt.chunks, types.EncodedTextChunk(tokens=answer[:-1])]
    fill = [0.0] * (length - 1)
    return types.Datum(
        model_input=types.ModelInput(chunks=chunks),
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=head[1:] + answer, dtype="int64", shape=[length - 1 + len(answer)]),
            **{
                name: types.TensorData(data=fill + values, dtype="float32", shape=[length - 1 + len(answer)])
                for name, values in inputs.items()
            },
        },
    )


def check(name: str, holds: bool, detail: str = "") -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {name}{': ' + detail if detail else ''}", flush=True)
    if not holds:
        sys.exit(1)


def logprobs_of(output, count: int) -> list[float]:
    return [list(one["logprobs"].data)[-count:] for one in output.loss_fn_outputs]


def main(url: str) -> None:
    print(f"tinker {tinker.__version__}, torch {torch.__version__}, {url}")
    service = tinker.ServiceClient(base_url=url)
    models = service.get_server_capabilities().supported_models
    base_model = models[0].model_name
    check("capabilities", base_model is not None, f"{base_model}, context {models[0].max_context_length}")

    training = service.create_lora_training_client(base_model=base_model, rank=1).result()
    image_tokens = 4
    image = types.ImageChunk(data=png(40, 40, lambda x, y: 255 * ((x // 10 + y // 10) % 2)), format="png", expected_tokens=image_tokens)
    prompt = types.ModelInput(chunks=[types.EncodedTextChunk(tokens=[2, 5]), image, types.EncodedTextChunk(tokens=[7, 8, 9])])

    sampler = training.save_weights_and_get_sampling_client().result()
    params = types.SamplingParams(max_tokens=6, temperature=1.0, seed=3)
    first = sampler.sample(prompt=prompt, num_samples=4, sampling_params=params).result()
    again = sampler.sample(prompt=prompt, num_samples=4, sampling_params=params).result()
    answers = [list(sequence.tokens) for sequence in first.sequences]
    check("sampling with an image", len(answers) == 4 and all(answers), f"{answers}")
    check("sampling repeats by its seed", answers == [list(sequence.tokens) for sequence in again.sequences])

    answer = max(answers, key=len)
    known = list(max(first.sequences, key=lambda one: len(one.tokens)).logprobs)
    data = [datum(prompt, image_tokens, answer, weights=[1.0] * len(answer))]
    output = training.forward(data, "cross_entropy").result()
    [scored] = logprobs_of(output, len(answer))
    gap = max(abs(a - b) for a, b in zip(scored, known))
    check("forward says what sampling said", gap < 1e-3, f"largest difference {gap:.1e}")

    before = -sum(scored)
    result = training.forward_backward(data, "cross_entropy").result()
    check("forward_backward, cross_entropy", math.isclose(result.metrics["loss:sum"], before, rel_tol=1e-4), f"loss {before:.4f}")
    step = training.optim_step(types.AdamParams(learning_rate=1e-3)).result()
    [after] = logprobs_of(training.forward(data, "cross_entropy").result(), len(answer))
    check("optim_step lowers the loss", -sum(after) < before, f"{before:.4f} -> {-sum(after):.4f}; {dict(step.metrics or {})}")

    for name in ("importance_sampling", "ppo", "cispo"):
        advantages = [0.5] * len(answer)
        one = [datum(prompt, image_tokens, answer, logprobs=after, advantages=advantages)]
        config = {"clip_low_threshold": 0.8, "clip_high_threshold": 1.28} if name != "importance_sampling" else None
        value = training.forward_backward(one, name, config).result().metrics["loss:sum"]
        # With a ratio of 1 a surrogate is minus the advantages, and CISPO minus advantage times log-probability.
        expected = -0.5 * sum(after) if name == "cispo" else -0.5 * len(answer)
        check(f"forward_backward, {name}", math.isclose(value, expected, rel_tol=1e-3), f"{value:.4f}")

    def custom(_, logprobs: list[torch.Tensor]):
        loss = sum((row[-len(answer):] ** 2).sum() for row in logprobs)
        return loss, {"squares": loss.item()}

    result = training.forward_backward_custom(data, custom).result()
    expected = sum(value**2 for value in after)
    check("forward_backward_custom", math.isclose(result.metrics["squares"], expected, rel_tol=1e-3), f"{expected:.4f}")
    training.optim_step(types.AdamParams(learning_rate=1e-3)).result()

    path = training.save_state("python-client").result().path
    [saved] = logprobs_of(training.forward(data, "cross_entropy").result(), len(answer))
    check("save_state", path.startswith("tinker://"), path)
    restored = service.create_training_client_from_state_with_optimizer(path).result()
    [loaded] = logprobs_of(restored.forward(data, "cross_entropy").result(), len(answer))
    check("load_state", loaded == saved, "the same log-probabilities to the last bit")

    for client in (training, restored):
        client.forward_backward(data, "cross_entropy").result()
        client.optim_step(types.AdamParams(learning_rate=1e-3)).result()
    [one], [two] = (logprobs_of(client.forward(data, "cross_entropy").result(), len(answer)) for client in (training, restored))
    check("training goes on alike", one == two, "the optimiser's state was restored too")

    wrong = types.ModelInput(chunks=[types.ImageChunk(data=image.data, format="png", expected_tokens=99)])
    try:
        sampler.sample(prompt=wrong, num_samples=1, sampling_params=params).result()
        refused = ""
    except Exception as error:  # The client wraps what the server said in errors of its own.
        refused = str(error)
    check("a wrong expected_tokens is refused", "99" in refused, refused[:160])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
