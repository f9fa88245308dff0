"""Waits for the first connection that a port of this host accepts; prints a line when it begins, then the time in seconds."""

import socket
import sys
import time

print("waiting", flush=True)
while True:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()
        break
    except OSError:
        time.sleep(0.001)
print(f"{time.time():.4f}")
