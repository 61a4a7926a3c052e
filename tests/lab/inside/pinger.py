"""A client: ``pinger.py ADDRESS`` asks the echo at an address every 20 ms until /run/lab/enough is
there, then tells by one line of JSON how much was answered and the longest silence."""

import json
import os
import select
import socket
import struct
import sys
import time
from contextlib import suppress

PORT = 9998
EVERY = 0.02
PADDING = b"." * 1000


def main():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sent, answered, damaged, worst, begun = 0, 0, 0, 0.0, False
    last = time.monotonic()  # when the last question was asked that was answered
    asked = {}
    while not os.path.exists("/run/lab/enough"):
        now = asked[sent] = time.monotonic()
        with suppress(OSError):  # nobody knows the way now: that is the outage
            s.sendto(struct.pack("!Q", sent) + PADDING, (sys.argv[1], PORT))
        sent += 1
        while select.select([s], [], [], max(0.0, now + EVERY - time.monotonic()))[0]:
            data = s.recv(2000)
            at = asked.pop(struct.unpack("!Q", data[:8])[0], None)
            damaged += data[8:] != PADDING
            if at is not None and data[8:] == PADDING:
                worst, last = max(worst, at - last), max(last, at)
                answered += 1
        if answered and not begun:  # several answers may come at once
            open("/run/lab/asking", "w").close()
            begun = True
    worst = max(worst, time.monotonic() - last)
    told = {"sent": sent, "answered": answered, "outage_ms": round(worst * 1000)}
    print(json.dumps({**told, "damaged": damaged}))


def echo():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", PORT))
    while True:
        data, sender = s.recvfrom(2000)
        with suppress(OSError):  # the way back is gone
            s.sendto(data, sender)


echo() if sys.argv[1] == "echo" else main()
