"""Stands before an ACME server and adds what that has not: limits, profiles, renewal information (RFC 9773).

usage: acme-front.py ADDRESS PORT CERTIFICATE KEY UPSTREAM_PORT DIR

DIR/limit: how many seconds a new order is told to wait for. DIR/renew-now: the certificates in it, by their names of RFC
9773, are advised to be renewed; `all` stands for every one. What was asked for stands in DIR/asked.
"""
import base64
import http.client
import json
import os
import socketserver
import ssl
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS, PORT, CERTIFICATE, KEY, UPSTREAM, DIR = sys.argv[1:]
PASSED = ("Content-Type", "Location", "Link", "Replay-Nonce", "Retry-After", "Cache-Control")
LOCK = threading.Lock()


def setting(name):
    try:
        with open(os.path.join(DIR, name)) as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def note(text):
    with LOCK, open(os.path.join(DIR, "asked"), "a") as file:
        file.write(f"{time.time():.2f} {text}\n")


def payload(body):
    text = json.loads(body)["payload"]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) or "{}")


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self, status, fields, body):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def upstream(self, body):
        # The Host stays: it is part of what is signed.
        connection = http.client.HTTPSConnection(ADDRESS, int(UPSTREAM), context=ssl._create_unverified_context(), timeout=60)
        fields = {name: self.headers[name] for name in ("Host", "Content-Type", "User-Agent", "Accept") if name in self.headers}
        connection.request(self.command, self.path, body, fields)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, [(name, answer.getheader(name)) for name in PASSED if answer.getheader(name)], content

    def renewal_info(self):
        name = self.path.rsplit("/", 1)[1]
        urgent = setting("renew-now")
        note("renewalInfo " + name)
        now = datetime.now(timezone.utc)
        start = now - timedelta(hours=2) if urgent == ["all"] or name in urgent else now + timedelta(days=30)
        window = {"start": start.isoformat(timespec="seconds"), "end": (start + timedelta(hours=1)).isoformat(timespec="seconds")}
        body = json.dumps({"suggestedWindow": window}).encode()
        self.respond(200, [("Content-Type", "application/json"), ("Retry-After", "21600")], body)

    def limited(self):
        wait = setting("limit")
        if not wait:
            return False
        note("limited")
        problem = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many new orders recently", "status": 429}
        fields = [("Content-Type", "application/problem+json"), ("Retry-After", wait[0])]
        self.respond(429, fields, json.dumps(problem).encode())
        return True

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        if self.path.startswith("/renewal-info/"):
            self.renewal_info()
            return
        if self.path == "/order-plz":
            if self.limited():
                return
            asked = payload(body)
            names = ",".join(each["value"] for each in asked["identifiers"])
            note(f"order {names} profile={asked.get('profile')} replaces={asked.get('replaces')}")
        status, fields, content = self.upstream(body)
        if self.path == "/dir":
            directory = json.loads(content)
            directory["renewalInfo"] = f"https://{self.headers['Host']}/renewal-info"
            directory["meta"]["profiles"] = {"classic": "90 days", "shortlived": "6 days"}
            content = json.dumps(directory).encode()
        self.respond(status, fields, content)

    do_GET = do_HEAD = do_POST = answer

    def log_message(self, *unused):
        pass


class Server(ThreadingHTTPServer):
    def server_bind(self):
        # Without asking DNS for the address's name, which nobody answers here.
        socketserver.TCPServer.server_bind(self)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server = Server((ADDRESS, int(PORT)), Front)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
