"""A few paragraphs about what happened."""

import os

from openai import OpenAI

from app.settings import Simulation


def summarise(posts: list[dict], settings: Simulation) -> str:
    client = OpenAI(base_url=os.environ["LLM_BASE_URL"], api_key=os.environ["LLM_API_KEY"])
    text = "\n".join(f"{post['user']} ({post['likes']}): {post['content']}" for post in posts)
    answer = client.chat.completions.create(
        model=os.environ["LLM_MODEL"],
        messages=[
            {"role": "system", "content": f"Sum up the discussion in {settings.language}."},
            {"role": "user", "content": text},
        ],
    )
    return answer.choices[0].message.content or ""
