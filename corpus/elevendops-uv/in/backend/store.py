"""Explanations in Firestore."""

from functools import lru_cache

from google.cloud import firestore

from backend.models import Explanation
from backend.settings import settings


@lru_cache
def collection() -> firestore.CollectionReference:
    return firestore.Client(project=settings().google_cloud_project).collection("explanations")


def keep(explanation: Explanation) -> None:
    collection().document(explanation.title).set(explanation.model_dump())


def find(title: str) -> Explanation | None:
    document = collection().document(title).get()
    return Explanation(**document.to_dict()) if document.exists else None


def all_explanations() -> list[Explanation]:
    return [Explanation(**document.to_dict()) for document in collection().order_by("title").stream()]
