"""What a simulation is told."""

from pydantic import BaseModel, Field


class Persona(BaseModel):
    name: str
    bio: str


class Simulation(BaseModel):
    document: str
    personas: list[Persona] = Field(min_length=2, max_length=200)
    rounds: int = Field(default=5, ge=1, le=50)
    language: str = "en"
