"""Questions of 64 bytes over one kept connection, one after the other.

python3 questions.py answer PORT               sends back what comes, on every address
python3 questions.py ask ADDRESS PORT COUNT    prints the median and the 99th percentile of the round trip, in µs
"""

import socket
import sys
import threading
import time

SIZE = 64


def whole(connection):
    got = b""
    while len(got) < SIZE:
        more = connection.recv(SIZE - len(got))
        if not more:
            return b""
        got += more
    return got


def talk(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while question := whole(connection):
            connection.sendall(question)


def answer(port):
    server = socket.create_server(("", int(port)), backlog=128)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()


def ask(address, port, count):
    times = []
    with socket.create_connection((address, int(port)), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        question = b"q" * SIZE
        for _ in range(int(count)):
            began = time.perf_counter_ns()
            connection.sendall(question)
            if not whole(connection):
                sys.exit("the connection ended")
            times.append(time.perf_counter_ns() - began)
    times.sort()
    print("%.1f %.1f" % (times[len(times) // 2] / 1000, times[int(len(times) * 0.99)] / 1000))


{"answer": answer, "ask": ask}[sys.argv[1]](*sys.argv[2:])
