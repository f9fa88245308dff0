"""Streams of known bytes, and how many of them arrive.

flows.py serve PORT FILE                    answers every connection with FILE, over and over, until it is closed
flows.py read HOST:PORT FILE STREAMS SECONDS   reads so many streams at once for so long, checks their SHA-256, prints
                                            bytes of each as one line: SECONDS BYTES BYTES ...
"""
import hashlib
import selectors
import socket
import socketserver
import sys
import time


class Serve(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while True:
                with open(sys.argv[3], "rb") as file:
                    self.request.sendfile(file)
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class Stream:
    def __init__(self, place):
        host, port = place.split(":")
        self.socket = socket.create_connection((host, port))
        self.socket.setblocking(False)
        self.sha = hashlib.sha256()
        self.bytes = 0

    def take(self):
        got = self.socket.recv(1 << 20)
        if not got:
            sys.exit("a stream ended")
        self.sha.update(got)
        self.bytes += len(got)

    def is_as_sent(self, content):
        sent = hashlib.sha256()
        whole, rest = divmod(self.bytes, len(content))
        for _ in range(whole):
            sent.update(content)
        sent.update(memoryview(content)[:rest])
        return sent.digest() == self.sha.digest()


def read(place, file, count, seconds):
    began = time.monotonic()
    with selectors.DefaultSelector() as selector:
        streams = [Stream(place) for _ in range(count)]
        for stream in streams:
            selector.register(stream.socket, selectors.EVENT_READ, stream)
        while (left := began + seconds - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                key.data.take()
    took = time.monotonic() - began
    with open(file, "rb") as source:
        content = source.read()
    if not all(stream.is_as_sent(content) for stream in streams):
        sys.exit("SHA-256 differs")
    print(f"{took:.3f}", *(stream.bytes for stream in streams))


if sys.argv[1] == "serve":
    Server(("127.0.0.1", int(sys.argv[2])), Serve).serve_forever()
else:
    read(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
