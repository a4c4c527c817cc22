"""TRL's GRPOTrainer: one whole update (generate, score the reference, train) per line of standard input.

The trainer runs its own loop; a callback holds it at the start of each optimiser step until the next line comes, and answers at
its end. What lies between is all that TRL does in an update.
"""

import json
import os
import sys
import tempfile
import time

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

import torch
from datasets import Dataset
from transformers import TrainerCallback
from transformers.utils import logging
from trl import GRPOConfig, GRPOTrainer

from memory import resident_memory
from workload import messages_of, read_model, read_processor, read_workload

torch.set_num_threads(int(sys.argv[2]))
DEVICE = sys.argv[3] if len(sys.argv) > 3 else "cpu"
logging.set_verbosity_error()
logging.disable_progress_bar()
output = sys.stdout
sys.stdout = sys.stderr


def reply(value):
    output.write("@" + json.dumps(value) + "\n")
    output.flush()


class Gate(TrainerCallback):
    """Lets one optimiser step through per request."""

    def __init__(self):
        self.start = None

    def on_step_begin(self, *arguments, **settings):
        while True:
            line = sys.stdin.readline()
            if not line:
                os._exit(0)
            operation = json.loads(line)["operation"]
            if operation == "update":
                break
            reply({"seconds": 0, **resident_memory()} if operation == "memory" else {"error": f"TRL has no {operation}"})
        self.start = (time.perf_counter(), time.process_time())

    def on_step_end(self, *arguments, **settings):
        wall, processor = self.start
        reply({"seconds": time.perf_counter() - wall, "processorSeconds": time.process_time() - processor})


workload = read_workload(sys.argv[1])
processor = read_processor(workload)
group = workload["groupSize"]
rollouts = group * len(workload["prompts"])


def reward(completions, **columns):
    flat = [value for row in workload["rewards"] for value in row]
    return [float(value) for value in flat[: len(completions)]]


rows = [
    {"prompt": messages_of(prompt), "images": prompt["pictures"]}
    for prompt in workload["prompts"]
]
config = GRPOConfig(
    output_dir=tempfile.mkdtemp(),
    per_device_train_batch_size=rollouts,
    gradient_accumulation_steps=1,
    num_generations=group,
    max_completion_length=workload["responseLength"],
    # Random weights draw image tokens too, which transformers then takes for the places of images.
    generation_kwargs={"suppress_tokens": [processor.image_token_id]},
    temperature=1.0,
    top_p=1.0,
    top_k=0,
    beta=0.01,
    num_iterations=1,
    learning_rate=1e-9,
    max_grad_norm=1.0,
    max_steps=1_000_000,
    bf16=False,
    use_cpu=DEVICE == "cpu",
    gradient_checkpointing=False,
    report_to="none",
    save_strategy="no",
    logging_strategy="no",
    disable_tqdm=True,
    dataloader_pin_memory=False,
    seed=1,
    disable_dropout=True,
)
trainer = GRPOTrainer(
    model=read_model(workload),
    reward_funcs=reward,
    args=config,
    train_dataset=Dataset.from_list(rows),
    processing_class=processor,
    callbacks=[Gate()],
)
reply({"ready": True})
trainer.train()
