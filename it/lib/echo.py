"""An echo for tens of thousands of connections: echo.py ADDRESS PORT."""

import selectors
import socket
import sys

server = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=4096)
server.setblocking(False)
ready = selectors.DefaultSelector()
ready.register(server, selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        one = key.fileobj
        try:
            if one is server:
                came, _ = server.accept()
                ready.register(came, selectors.EVENT_READ)
            elif data := one.recv(65536):
                one.sendall(data)
            else:
                raise ConnectionResetError
        except BlockingIOError:
            pass
        except OSError:
            ready.unregister(one)
            one.close()
