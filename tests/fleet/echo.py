"""Answers UDP on one host of the fleet from the address that was asked: the host's number, then
what came (IP_PKTINFO, ip(7)). As prompt as a kernel: it stands for the host, not for a service."""

import os
import socket
import sys

PORT = 9999
IP_PKTINFO = 8

os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(20))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    s.bind(("0.0.0.0", PORT))
    number = bytes([int(sys.argv[1])])
    print("ready", flush=True)
    while True:
        data, control, _, sender = s.recvmsg(100, 100)
        # struct in_pktinfo: the address that was hit becomes the source of the answer
        hit = next(c[2][8:12] for c in control if c[1] == IP_PKTINFO)
        try:
            s.sendmsg([number + data], [(0, IP_PKTINFO, bytes(4) + hit + bytes(4))], 0, sender)
        except OSError:
            continue  # the address was taken away meanwhile
