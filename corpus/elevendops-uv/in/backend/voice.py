"""Spoken explanations, kept in a bucket."""

from elevenlabs.client import ElevenLabs
from google.cloud import storage

from backend.models import Explanation
from backend.settings import settings


def speak(explanation: Explanation, voice_id: str) -> str:
    client = ElevenLabs(api_key=settings().elevenlabs_api_key)
    audio = b"".join(client.text_to_speech.convert(voice_id=voice_id, text=explanation.script))
    blob = storage.Client().bucket(settings().audio_bucket).blob(f"{explanation.title}.mp3")
    blob.upload_from_string(audio, content_type="audio/mpeg")
    return blob.public_url
