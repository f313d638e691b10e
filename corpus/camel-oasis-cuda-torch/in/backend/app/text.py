"""Text of uploads."""

from pathlib import Path

import fitz
from charset_normalizer import from_bytes


def read_text(path: Path) -> str:
    if path.suffix.lower() == ".pdf":
        with fitz.open(path) as document:
            return "\n".join(page.get_text() for page in document)
    best = from_bytes(path.read_bytes()).best()
    return str(best) if best else ""
