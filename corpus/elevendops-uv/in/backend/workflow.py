"""Draft, then check, with a model of Google's."""

from typing import TypedDict

from langchain_google_genai import ChatGoogleGenerativeAI
from langgraph.graph import END, START, StateGraph

from backend.models import Topic
from backend.settings import settings


class State(TypedDict):
    topic: Topic
    script: str


def model() -> ChatGoogleGenerativeAI:
    return ChatGoogleGenerativeAI(model=settings().script_model, google_api_key=settings().google_api_key)


def draft(state: State) -> dict[str, str]:
    topic = state["topic"]
    prompt = f"Explain to a patient, in {topic.language}, in plain words: {topic.title}\n\n{topic.notes}"
    return {"script": str(model().invoke(prompt).content)}


def check(state: State) -> dict[str, str]:
    prompt = f"Remove whatever the notes do not say.\n\nNotes: {state['topic'].notes}\n\nText: {state['script']}"
    return {"script": str(model().invoke(prompt).content)}


def write_script(topic: Topic) -> str:
    graph = StateGraph(State)
    graph.add_node("draft", draft)
    graph.add_node("check", check)
    graph.add_edge(START, "draft")
    graph.add_edge("draft", "check")
    graph.add_edge("check", END)
    return graph.compile().invoke({"topic": topic, "script": ""})["script"]
