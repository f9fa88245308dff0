"""An HTTP backend that says who it is: backend.py ADDRESS PORT NAME LOG. Each request's line stands in LOG as it came.

It answers with its name, the request line and all header fields as its body. GET /healthz is 503 while LOG.sick exists.
"""
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS, PORT, NAME, LOG = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        while length > 0:
            length -= len(self.rfile.read(min(length, 65536)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            # Until the last chunk has come; nothing sends trailers here.
            while (size := int(self.rfile.readline() or b"0", 16)) > 0:
                self.rfile.read(size + 2)
            self.rfile.readline()
        status = 503 if self.path == "/healthz" and os.path.exists(LOG + ".sick") else 200
        if self.path != "/healthz":
            with open(LOG, "a") as log:
                log.write(NAME + " " + self.requestline + "\n")
        fields = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        body = f"{NAME}\n{self.requestline}\n{fields}".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Powered-By", "python")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer

    def log_message(self, *unused):
        pass


ThreadingHTTPServer.daemon_threads = True
ThreadingHTTPServer.request_queue_size = 256
ThreadingHTTPServer((ADDRESS, PORT), Backend).serve_forever()
