"""Calls the backend."""

import httpx


class Client:
    def __init__(self, base: str = "http://127.0.0.1:8000/api") -> None:
        self.http = httpx.Client(base_url=base, timeout=120)

    def explanations(self) -> list[dict]:
        return self.http.get("/explanations").raise_for_status().json()

    def explain(self, title: str, notes: str, language: str) -> dict:
        topic = {"title": title, "notes": notes, "language": language}
        return self.http.post("/explanations", json=topic).raise_for_status().json()
