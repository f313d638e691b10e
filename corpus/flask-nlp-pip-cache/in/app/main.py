"""The API. nginx and uwsgi of the base image serve it."""

from flask import Flask, jsonify, request
from flask_cors import CORS
from pydantic import ValidationError

from schema import Comments
from store import Store
from topics import topics
from tone import tone

app = Flask(__name__)
CORS(app)
store = Store()


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.post("/comments")
def comments():
    try:
        batch = Comments.model_validate(request.get_json())
    except ValidationError as error:
        return jsonify(error=error.errors()), 422
    rated = [{"text": text, "tone": tone(text)} for text in batch.texts]
    store.keep(batch.shop, rated)
    return jsonify(comments=rated, topics=topics(batch.texts))


@app.get("/shops/<shop>/trend")
def trend(shop: str):
    return jsonify(store.trend(shop))
