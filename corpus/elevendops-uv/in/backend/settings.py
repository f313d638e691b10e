"""Settings from the environment."""

from functools import lru_cache

from dotenv import load_dotenv
from pydantic_settings import BaseSettings

load_dotenv()


class Settings(BaseSettings):
    google_cloud_project: str
    google_api_key: str
    elevenlabs_api_key: str
    audio_bucket: str
    script_model: str = "gemini-2.5-flash"


@lru_cache
def settings() -> Settings:
    return Settings()
