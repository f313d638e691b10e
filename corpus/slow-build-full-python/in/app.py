"""The main API service: customers and their documents."""

import os

import psycopg2
import requests
from dotenv import load_dotenv
from flask import Flask, abort, jsonify, request
from psycopg2.extras import RealDictCursor

from crypto import open_box, seal

load_dotenv()
app = Flask(__name__)


def connect():
    return psycopg2.connect(os.environ["DATABASE_URL"], cursor_factory=RealDictCursor)


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.get("/customers/<int:number>")
def customer(number):
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT number, name, iban FROM customers WHERE number = %s", (number,))
        row = cursor.fetchone() or abort(404)
    return jsonify(row | {"iban": open_box(row["iban"])})


@app.post("/customers")
def create():
    data = request.get_json()
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers (name, iban) VALUES (%s, %s) RETURNING number",
            (data["name"], seal(data["iban"])),
        )
        number = cursor.fetchone()["number"]
    requests.post(os.environ["EVENTS_URL"], json={"customer": number}, timeout=5).raise_for_status()
    return jsonify(number=number), 201


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)
