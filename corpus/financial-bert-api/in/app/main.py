"""The API: what a text says about money, and how."""

from fastapi import FastAPI, Form
from pydantic import BaseModel

from app.sentiment import classify

app = FastAPI(title="Financial sentiment")


class Request(BaseModel):
    texts: list[str]


class Sentiment(BaseModel):
    label: str
    score: float


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/sentiment")
def sentiment(request: Request) -> list[Sentiment]:
    return [Sentiment(label=label, score=score) for label, score in classify(request.texts)]


@app.post("/form")
def form(text: str = Form()) -> Sentiment:
    [(label, score)] = classify([text])
    return Sentiment(label=label, score=score)
