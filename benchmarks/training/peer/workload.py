"""A workload file as transformers' own processor reads it."""

import base64
import json

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor


def read_workload(path):
    with open(path) as file:
        workload = json.load(file)
    for prompt in workload["prompts"]:
        prompt["pictures"] = [
            Image.frombytes("RGB", (image["width"], image["height"]), base64.b64decode(image["data"]))
            for image in prompt["images"]
        ]
    return workload


def read_processor(workload):
    processor = AutoProcessor.from_pretrained(workload["modelDirectory"])
    processor.tokenizer.padding_side = "left"
    return processor


def read_model(workload):
    return AutoModelForImageTextToText.from_pretrained(workload["modelDirectory"], dtype=torch.float32)


def messages_of(prompt):
    content = [{"type": "image"} for _ in prompt["pictures"]] + [{"type": "text", "text": prompt["question"]}]
    return [{"role": "user", "content": content}]


def encode_prompts(processor, prompts):
    texts = [processor.apply_chat_template(messages_of(prompt), add_generation_prompt=True) for prompt in prompts]
    return processor(text=texts, images=[prompt["pictures"] for prompt in prompts], padding=True, return_tensors="pt")
