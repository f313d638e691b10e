"""The API: upload a document, start a simulation, fetch its report."""

from dotenv import load_dotenv
from flask import Flask
from flask_cors import CORS

from app.api import api


def create_app() -> Flask:
    load_dotenv()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 32 * 1024 * 1024
    CORS(app)
    app.register_blueprint(api, url_prefix="/api")
    return app
