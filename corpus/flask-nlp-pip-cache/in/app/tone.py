"""Whether a comment is kind."""

from functools import lru_cache

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

NAME = "uer/roberta-base-finetuned-jd-binary-chinese"


@lru_cache(maxsize=1)
def model():
    return AutoTokenizer.from_pretrained(NAME), AutoModelForSequenceClassification.from_pretrained(NAME).eval()


def tone(text: str) -> float:
    tokenizer, classifier = model()
    inputs = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        return classifier(**inputs).logits.softmax(-1)[0, 1].item()
