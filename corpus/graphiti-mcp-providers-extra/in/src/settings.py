"""Settings from config/config.yaml and the environment."""

import os
from pathlib import Path

import yaml
from pydantic import BaseModel
from pydantic_settings import BaseSettings


class Server(BaseModel):
    transport: str
    host: str
    port: int


class Model(BaseModel):
    model: str
    temperature: float = 0.0


class Embedder(BaseModel):
    model: str
    dimensions: int


class Database(BaseModel):
    uri: str
    name: str


class Settings(BaseSettings):
    server: Server
    llm: Model
    embedder: Embedder
    database: Database
    google_api_key: str


def load(path: Path = Path("config/config.yaml")) -> Settings:
    return Settings(**yaml.safe_load(os.path.expandvars(path.read_text())))
