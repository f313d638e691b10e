"""Fields that the database must not see."""

import os

from cryptography.fernet import Fernet


def seal(text: str) -> bytes:
    return Fernet(os.environ["FIELD_KEY"]).encrypt(text.encode())


def open_box(sealed: bytes) -> str:
    return Fernet(os.environ["FIELD_KEY"]).decrypt(bytes(sealed)).decode()
