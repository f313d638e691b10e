"""The API."""

from fastapi import FastAPI, HTTPException

from backend import store, voice
from backend.models import Explanation, Topic
from backend.workflow import write_script

app = FastAPI(title="ElevenDops")


@app.get("/api/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/explanations")
def explanations() -> list[Explanation]:
    return store.all_explanations()


@app.post("/api/explanations", status_code=201)
def explain(topic: Topic) -> Explanation:
    explanation = Explanation(title=topic.title, script=write_script(topic))
    store.keep(explanation)
    return explanation


@app.post("/api/explanations/{title}/audio")
def speak(title: str, voice_id: str) -> Explanation:
    explanation = store.find(title)
    if explanation is None:
        raise HTTPException(404)
    explanation.audio = voice.speak(explanation, voice_id)
    store.keep(explanation)
    return explanation
