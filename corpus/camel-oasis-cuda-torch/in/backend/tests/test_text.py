from app.text import read_text


def test_text_in_another_encoding(tmp_path):
    path = tmp_path / "note.txt"
    path.write_bytes("Grüße aus Köln, schöne Tage".encode("latin-1"))
    assert "Köln" in read_text(path)
