"""The local syslog, by its socket. Source: RFC 3164 section 4.1, syslog(3)."""

import os
import socket

from .journald import priority
from .message import Item, Message, one_line
from .receivers import SocketOptions

OPTIONS = SocketOptions
_DAEMON = 3 << 3
#: RFC 3164 allows 1024 bytes for the whole packet.
PACKET_MAX = 1024


def deliver(options: SocketOptions, message: Message) -> str:
    """Sends one line for each alert. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(options.timeout)
        sender.connect(options.socket)
        for item in message.alerts:
            sender.send(line(item))
    return ""


def line(item: Item) -> bytes:
    """A packet without time and host, which the local daemon adds."""
    head = f"<{_DAEMON | priority(item)}>hwagent[{os.getpid()}]: ".encode()
    text = one_line(item).replace("\0", "").encode()[: PACKET_MAX - len(head)]
    return head + text.decode("utf-8", "ignore").encode()
