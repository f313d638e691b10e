"""The graph, with Gemini for text and for embeddings."""

from graphiti_core import Graphiti
from graphiti_core.cross_encoder.gemini_reranker_client import GeminiRerankerClient
from graphiti_core.driver.falkordb_driver import FalkorDriver
from graphiti_core.embedder.gemini import GeminiEmbedder, GeminiEmbedderConfig
from graphiti_core.llm_client.config import LLMConfig
from graphiti_core.llm_client.gemini_client import GeminiClient
from google import genai

from src.settings import Settings


def graph(settings: Settings) -> Graphiti:
    api = genai.Client(api_key=settings.google_api_key)
    host, port = settings.database.uri.removeprefix("redis://").split(":")
    return Graphiti(
        graph_driver=FalkorDriver(host=host, port=int(port), database=settings.database.name),
        llm_client=GeminiClient(
            config=LLMConfig(model=settings.llm.model, temperature=settings.llm.temperature), client=api
        ),
        embedder=GeminiEmbedder(
            config=GeminiEmbedderConfig(
                embedding_model=settings.embedder.model, embedding_dim=settings.embedder.dimensions
            ),
            client=api,
        ),
        cross_encoder=GeminiRerankerClient(config=LLMConfig(model=settings.llm.model), client=api),
    )
