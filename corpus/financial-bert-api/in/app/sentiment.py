"""The classifier. Its model lies in the image, beside the code."""

from functools import lru_cache

import torch
from transformers import AutoTokenizer, BertForSequenceClassification

FOLDER = "/app/models/financial-bert"


@lru_cache(maxsize=1)
def load():
    tokenizer = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)
    model = BertForSequenceClassification.from_pretrained(FOLDER, local_files_only=True)
    return tokenizer, model.eval()


@torch.inference_mode()
def classify(texts: list[str]) -> list[tuple[str, float]]:
    tokenizer, model = load()
    inputs = tokenizer(texts, padding=True, truncation=True, max_length=512, return_tensors="pt")
    scores, labels = model(**inputs).logits.softmax(-1).max(-1)
    return [(model.config.id2label[label.item()], score.item()) for label, score in zip(labels, scores)]
