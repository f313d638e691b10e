"""Words that stand out, with their reading."""

import jieba
from pypinyin import lazy_pinyin
from sklearn.feature_extraction.text import TfidfVectorizer


def topics(texts: list[str], count: int = 10) -> list[dict]:
    vectorizer = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None)
    weights = vectorizer.fit_transform(texts).sum(axis=0).A1
    ranked = sorted(zip(vectorizer.get_feature_names_out(), weights), key=lambda pair: -pair[1])
    return [{"word": word, "reading": " ".join(lazy_pinyin(word))} for word, _ in ranked[:count]]
