"""Second half of the check: opens the checkpoint with transformers and writes what it computes.

    pip install torch torchvision transformers pillow num2words
    python scripts/check-with-transformers.py checkpoint /tmp/prompts.json > fixtures/transformers.json

The chat template, the tokenizer, the image processor and the model are all transformers' own, read from the checkpoint. The
test in src/ holds the embedded engine to these values. Not run by `npm test`: it needs Python.
"""

import base64
import json
import sys

import torch
import transformers
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

checkpoint, prompts_file = sys.argv[1:3]
processor = AutoProcessor.from_pretrained(checkpoint)
tokenizer = processor.tokenizer
model, loading = AutoModelForImageTextToText.from_pretrained(
    checkpoint, dtype=torch.float32, output_loading_info=True
)
problems = {kind: sorted(names) for kind, names in loading.items() if names}
assert not problems, problems
model.eval()
stop = tokenizer.convert_tokens_to_ids("<end_of_utterance>")

golden = []
for prompt in json.load(open(prompts_file)):
    size = (prompt["image"]["width"], prompt["image"]["height"])
    image = Image.frombytes("RGB", size, base64.b64decode(prompt["image"]["data"]))
    content = [{"type": "image"}, {"type": "text", "text": prompt["question"]}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = processor(text=text, images=[image], return_tensors="pt")
    prompt_ids = inputs["input_ids"]
    response_ids = tokenizer(prompt["response"], add_special_tokens=False).input_ids + [stop]
    assert tokenizer.decode(response_ids, skip_special_tokens=True) == prompt["response"]
    with torch.no_grad():
        ids = torch.cat([prompt_ids, torch.tensor([response_ids])], 1)
        logits = model(input_ids=ids, pixel_values=inputs["pixel_values"]).logits[0]
        generated = model.generate(**inputs, max_new_tokens=16, do_sample=False)[0, prompt_ids.shape[1] :]
    before = logits[prompt_ids.shape[1] - 1 : -1]
    logprobs = torch.log_softmax(before, -1)[torch.arange(len(response_ids)), torch.tensor(response_ids)]
    golden.append(
        {
            "index": prompt["index"],
            "promptTokens": prompt_ids[0].tolist(),
            "responseTokens": response_ids,
            "responseLogprobs": [round(value, 7) for value in logprobs.tolist()],
            "greedyTokens": generated.tolist(),
            "greedyText": tokenizer.decode(generated, skip_special_tokens=True),
        }
    )

print(json.dumps({"transformers": transformers.__version__, "torch": torch.__version__, "prompts": golden}))
