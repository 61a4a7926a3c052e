"""Answers UDP from the address that was asked (IP_PKTINFO, RFC 3542)."""

import socket

PORT = 9999
PKTINFO, RECVPKTINFO = socket.IPV6_PKTINFO, socket.IPV6_RECVPKTINFO

with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.IPPROTO_IPV6, RECVPKTINFO, 1)
    s.bind(("::", PORT))
    print("ready", flush=True)
    while True:
        data, control, _, sender = s.recvmsg(100, 200)
        s.sendmsg([data], [(socket.IPPROTO_IPV6, PKTINFO, c[2]) for c in control], 0, sender)
