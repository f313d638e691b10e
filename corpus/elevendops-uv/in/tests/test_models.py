import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from backend.models import Topic


@given(st.text(max_size=2))
def test_titles_are_not_too_short(title):
    with pytest.raises(ValidationError):
        Topic(title=title, notes="")
