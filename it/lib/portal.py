"""A login service in Authelia's manner: portal.py ADDRESS PORT LOGIN_URL.

GET /api/authz/forward-auth answers 200 with Remote-* to who has a session, else 302 to LOGIN_URL?rd=…; POST /login with
user and password in the body makes the session. What it was asked stands on standard output.
"""
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote

ADDRESS, PORT, LOGIN = sys.argv[1], int(sys.argv[2]), sys.argv[3]
SESSIONS = {}


class Portal(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def session(self):
        for pair in (self.headers.get("Cookie") or "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == "lab_session":
                return SESSIONS.get(value)
        return None

    def reply(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if not self.path.startswith("/api/authz/forward-auth"):
            self.reply(200, b"the login page\n")
            return
        head = self.headers
        url = f"{head['X-Forwarded-Proto']}://{head['X-Forwarded-Host']}{head['X-Forwarded-Uri']}"
        print(head["X-Forwarded-Method"], url, head["X-Forwarded-For"], flush=True)
        user = self.session()
        if user:
            self.reply(200, Remote_User=user, Remote_Groups="people", Remote_Email=user + "@lab.test")
        else:
            self.reply(302, b"login\n", Location=f"{LOGIN}?rd={quote(url, safe='')}")

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        if form.get("user") == ["ann"] and form.get("password") == ["secret"]:
            token = secrets.token_hex(16)
            SESSIONS[token] = "ann"
            self.reply(200, b"welcome\n", Set_Cookie=f"lab_session={token}; Domain=lab.test; HttpOnly")
        else:
            self.reply(401, b"no\n")

    def log_message(self, *unused):
        pass


ThreadingHTTPServer.daemon_threads = True
ThreadingHTTPServer((ADDRESS, PORT), Portal).serve_forever()
