"""The plain PyTorch loop over transformers' SmolVLM: one measurement per line of standard input.

Written as a competent user would: scaled-dot-product attention, logits of the response alone, AdamW, clipped gradients, no
gradient checkpointing, float32 as on our side. Like TRL it runs the image and the question once a rollout.
"""

import json
import sys
import time

import torch

from memory import resident_memory
from workload import encode_prompts, read_model, read_processor, read_workload

THREADS = int(sys.argv[2])
DEVICE = sys.argv[3] if len(sys.argv) > 3 else "cpu"
torch.set_num_threads(THREADS)
torch.manual_seed(1)


def clock():
    """Seconds, once the device has done what it was given."""
    if DEVICE != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


class Worker:
    def __init__(self, path):
        self.workload = read_workload(path)
        self.processor = read_processor(self.workload)
        self.model = read_model(self.workload).to(DEVICE)
        self.reference = None
        self.group = self.workload["groupSize"]
        self.inputs = encode_prompts(self.processor, self.workload["prompts"]).to(DEVICE)
        self.inputs.pop("pixel_attention_mask", None)
        self.responses = torch.tensor(self.workload["responses"], device=DEVICE).flatten(0, 1)
        rewards = torch.tensor(self.workload["rewards"], dtype=torch.float32, device=DEVICE)
        centred = rewards - rewards.mean(1, keepdim=True)
        deviation = rewards.std(1, keepdim=True) if self.group > 1 else torch.zeros_like(centred[:, :1])
        self.advantages = (centred / (deviation + 1e-6)).flatten()[:, None]
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=0.0, weight_decay=0.01)
        self.old = None

    def repeated(self):
        return {name: value.repeat_interleave(self.group, 0) for name, value in self.inputs.items()}

    def logprobs(self, responses, model=None, pixel_values=None):
        """[rollouts, tokens]"""
        inputs = self.repeated()
        ids = torch.cat([inputs["input_ids"], responses], 1)
        mask = torch.cat([inputs["attention_mask"], torch.ones_like(responses)], 1)
        length = responses.shape[1]
        pixels = inputs["pixel_values"] if pixel_values is None else pixel_values
        logits = (model or self.model)(
            input_ids=ids, attention_mask=mask, pixel_values=pixels, logits_to_keep=length + 1, use_cache=False
        ).logits[:, -length - 1 : -1]
        chosen = logits.gather(2, responses[:, :, None])[:, :, 0]
        return chosen - logits.logsumexp(2)

    def perturbed_pixels(self, sharing):
        """Each 14 x 14 patch blackened with probability 0.5: a fresh mask per rollout, or one per prompt."""
        pixels = self.inputs["pixel_values"]
        rows = pixels if sharing == "prompt" else pixels.repeat_interleave(self.group, 0)
        rows = rows.clone()
        side = rows.shape[-1]
        patches = -(-side // 14)
        kept = torch.rand(rows.shape[0], rows.shape[1], 1, patches, patches, device=DEVICE) < 0.5
        kept = kept.repeat_interleave(14, 3).repeat_interleave(14, 4)[..., :side, :side]
        rows = torch.where(kept, rows, torch.tensor(-1.0, device=DEVICE))
        return rows.repeat_interleave(self.group, 0) if sharing == "prompt" else rows

    def loss(self, logprobs, old, mask, kl_reference=None):
        """DAPO's clipped surrogate, token mean, with the entropy penalty; or GRPO's with a k3 penalty."""
        ratio = torch.exp((logprobs - old).clamp(-20, 20))
        high = 0.28 if kl_reference is None else 0.2
        surrogate = torch.maximum(-self.advantages * ratio, -self.advantages * ratio.clamp(0.8, 1 + high))
        if kl_reference is None:
            return ((surrogate - 0.06 * logprobs) * mask).sum() / mask.sum()
        difference = (kl_reference - logprobs).clamp(-20, 20)
        token_loss = surrogate + 0.01 * (difference.exp() - difference - 1).clamp(-10, 10)
        return ((token_loss * mask).sum(1) / mask.sum(1)).mean()

    def step(self, responses, old, mask, reference=None):
        loss = self.loss(self.logprobs(responses), old, mask, reference)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return {"loss": loss.item(), "gradientNorm": norm.item()}

    def generate(self):
        with torch.no_grad():
            ids = self.model.generate(
                **self.inputs,
                do_sample=True,
                temperature=1.0,
                top_p=1.0,
                top_k=0,
                num_return_sequences=self.group,
                max_new_tokens=self.workload["responseLength"],
                # Random weights draw image tokens too, which transformers then takes for the places of images.
                suppress_tokens=[self.model.config.image_token_id],
            )
        responses = ids[:, self.inputs["input_ids"].shape[1] :]
        stop = self.model.generation_config.eos_token_id
        ended = (responses == stop).cumsum(1) - (responses == stop).long()
        return responses, (ended == 0).float()

    def old_logprobs(self):
        if self.old is None:
            with torch.no_grad():
                self.old = self.logprobs(self.responses)
        return self.old

    def sample(self, argument):
        start = clock()
        _, mask = self.generate()
        return {"seconds": clock() - start, "tokens": int(mask.sum())}

    def score(self, argument):
        start = clock()
        with torch.no_grad():
            values = self.logprobs(self.responses)
        seconds = clock() - start
        shape = (len(self.workload["prompts"]), self.group, -1)
        return {"seconds": seconds, **({"logprobs": values.reshape(shape).tolist()} if argument.get("values") else {})}

    def train(self, argument):
        old = self.old_logprobs()
        start = clock()
        report = self.step(self.responses, old, torch.ones_like(old))
        return {"seconds": clock() - start, **report}

    def perturbed(self, argument):
        start = clock()
        with torch.no_grad():
            self.logprobs(self.responses, pixel_values=self.perturbed_pixels(argument["sharing"]))
        return {"seconds": clock() - start}

    def update(self, argument):
        """Sample, the algorithm's extra pass, train. The behaviour's log-probabilities take a pass of their own here, because
        generate() gives none that are usable for training without another softmax over its stored scores."""
        algorithm = argument["algorithm"]
        if algorithm == "grpo" and self.reference is None:
            self.reference = read_model(self.workload).to(DEVICE).eval()
        start = clock()
        responses, mask = self.generate()
        sampled = clock()
        reference = None
        with torch.no_grad():
            if algorithm == "grpo":
                reference = self.logprobs(responses, self.reference)
            elif algorithm.startswith("vppo"):
                self.logprobs(responses, pixel_values=self.perturbed_pixels(algorithm.removeprefix("vppo-")))
        scored = clock()
        # On policy: the ratio's denominator is the detached value of this very pass, as in TRL with one mini-batch.
        logprobs = self.logprobs(responses)
        loss = self.loss(logprobs, logprobs.detach(), mask, reference)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        end = clock()
        return {
            "seconds": end - start,
            "sampleSeconds": sampled - start,
            "advantageSeconds": scored - sampled,
            "trainSeconds": end - scored,
            "tokens": int(mask.sum()),
        }

    def describe(self, argument):
        lengths = self.inputs["attention_mask"].sum(1).tolist()
        return {
            "seconds": 0,
            "engine": f"torch {torch.__version__}",
            "threads": torch.get_num_threads(),
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "promptTokens": lengths,
        }

    def memory(self, argument):
        return {"seconds": 0, **resident_memory()}

    def matmul(self, argument):
        size = argument["size"]
        a, b = (torch.rand(size, size, device=DEVICE) for _ in range(2))
        best = float("inf")
        for _ in range(6):
            start = clock()
            a @ b
            best = min(best, clock() - start)
        return {"seconds": 0, "flops": 2 * size**3 / best}


def reply(value):
    sys.stdout.write("@" + json.dumps(value) + "\n")
    sys.stdout.flush()


worker = Worker(sys.argv[1])
reply({"ready": True})
for line in sys.stdin:
    argument = json.loads(line)
    try:
        before = time.process_time()
        answer = getattr(worker, argument["operation"])(argument)
        reply({"processorSeconds": time.process_time() - before, **answer})
    except Exception as error:  # The parent names the operation and stops.
        reply({"error": repr(error)})
