"""Serves a sum that pandas makes."""

from http.server import BaseHTTPRequestHandler, HTTPServer

import pandas


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(pandas.Series([1, 2, 3]).sum()).encode())


if __name__ == "__main__":
    HTTPServer(("", 8000), Handler).serve_forever()
