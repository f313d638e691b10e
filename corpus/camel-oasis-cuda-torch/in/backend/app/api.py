"""Routes."""

import asyncio
from pathlib import Path
from uuid import uuid4

from flask import Blueprint, jsonify, request
from pydantic import ValidationError

from app.report import summarise
from app.settings import Simulation
from app.simulation import simulate
from app.text import read_text

api = Blueprint("api", __name__)
UPLOADS = Path("uploads")


@api.get("/health")
def health():
    return jsonify(status="ok")


@api.post("/documents")
def upload():
    UPLOADS.mkdir(exist_ok=True)
    file = request.files["file"]
    name = f"{uuid4().hex}{Path(file.filename or '').suffix}"
    file.save(UPLOADS / name)
    return jsonify(document=name), 201


@api.post("/simulations")
def start():
    try:
        settings = Simulation.model_validate(request.get_json())
    except ValidationError as error:
        return jsonify(error=error.errors()), 422
    seed = read_text(UPLOADS / settings.document)
    posts = asyncio.run(simulate(seed, settings))
    return jsonify(posts=posts, report=summarise(posts, settings))
