from cryptography.fernet import Fernet

from crypto import open_box, seal


def test_what_is_sealed_opens(monkeypatch):
    monkeypatch.setenv("FIELD_KEY", Fernet.generate_key().decode())
    assert open_box(seal("DE02 1203 0000 0000 2020 51")) == "DE02 1203 0000 0000 2020 51"
