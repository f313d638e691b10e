"""What clients send and get."""

from pydantic import BaseModel, Field


class Topic(BaseModel):
    title: str = Field(min_length=3, max_length=120)
    notes: str
    language: str = "en"


class Explanation(BaseModel):
    title: str
    script: str
    audio: str | None = None
