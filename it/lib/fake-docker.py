"""Answers GET /containers/json over a unix socket with a file's content, as Docker does. usage: fake-docker.py SOCKET FILE"""

import http.server
import os
import socketserver
import sys

path, content = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(content, "rb") as file:
            body = file.read()
        self.send_response(200 if self.path == "/containers/json" else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


server = Server(path, Handler)
os.chmod(path, 0o666)
server.serve_forever()
