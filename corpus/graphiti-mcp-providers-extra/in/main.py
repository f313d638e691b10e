"""Starts the server."""

from src.server import run

if __name__ == "__main__":
    run()
