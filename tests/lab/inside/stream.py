"""TCP, as any service speaks it: ``stream.py sink`` listens, ``stream.py ADDRESS`` sends there a
hundred segments a second, and begins again when the connection breaks."""

import socket
import sys
import time
from contextlib import suppress

PORT = 9997


def sink():
    with socket.create_server(("0.0.0.0", PORT)) as server:
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                while connection.recv(65536):
                    pass


def stream(address):
    while True:
        with suppress(OSError), socket.create_connection((address, PORT), 5) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                s.sendall(b"." * 1000)
                time.sleep(0.01)
        time.sleep(0.1)


sink() if sys.argv[1] == "sink" else stream(sys.argv[1])
