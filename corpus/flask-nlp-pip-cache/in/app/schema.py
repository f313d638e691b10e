"""What clients send."""

from pydantic import BaseModel, Field


class Comments(BaseModel):
    shop: str
    texts: list[str] = Field(min_length=1, max_length=500)
