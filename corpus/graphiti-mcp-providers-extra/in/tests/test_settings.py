from src.settings import load


def test_gemini_embeds(monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "x")
    monkeypatch.setenv("FALKORDB_URI", "redis://graph:6379")
    assert load().embedder.model == "gemini-embedding-001"
