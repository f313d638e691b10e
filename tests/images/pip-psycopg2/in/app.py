"""Answers with the version of the client library that psycopg2 was linked against."""

from http.server import BaseHTTPRequestHandler, HTTPServer

import psycopg2


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(psycopg2.__libpq_version__).encode())


if __name__ == "__main__":
    HTTPServer(("", 8000), Handler).serve_forever()
