"""Serves a drawn graph."""

import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer


def draw():
    return subprocess.run(["dot", "-Tsvg"], input=b"digraph { a -> b }", capture_output=True, check=True).stdout


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(draw())


if __name__ == "__main__":
    HTTPServer(("", 8000), Handler).serve_forever()
