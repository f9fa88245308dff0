"""A server of small protocols that says who it is: talker.py ADDRESS PORT NAME PROTOCOL [CERT KEY].

smtp: greets, knows EHLO, NOOP, STARTTLS (with a certificate) and QUIT. redis: PING. name: its name at once, then an echo.
While the file NAME.sick stands in the working folder, redis answers -LOADING.
"""
import os
import socketserver
import ssl
import sys

ADDRESS, PORT, NAME, PROTOCOL = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


class Talker(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write((text + "\r\n").encode())
        self.wfile.flush()

    def smtp(self):
        self.say(f"220 {NAME} ESMTP")
        for line in self.rfile:
            word = line.decode("latin-1").strip().upper()
            if word == "STARTTLS":
                self.say("220 go ahead")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(sys.argv[5], sys.argv[6])
                self.request = context.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb")
                return self.smtp_secure()
            if word.startswith("QUIT"):
                return self.say("221 bye")
            self.say("250 STARTTLS" if word.startswith("EHLO") else "250 ok")

    def smtp_secure(self):
        for line in self.rfile:
            self.say(f"250 {NAME} by {self.request.version()}")
            if line.upper().startswith(b"QUIT"):
                return

    def redis(self):
        for line in self.rfile:
            if line.strip() == b"PING":
                self.say("-LOADING" if os.path.exists(NAME + ".sick") else f"+PONG {NAME}")

    def name(self):
        self.say(NAME)
        while data := self.request.recv(65536):
            self.request.sendall(data)

    def handle(self):
        try:
            getattr(self, PROTOCOL)()
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256


Server((ADDRESS, PORT), Talker).serve_forever()
