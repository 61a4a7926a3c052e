"""Hears LLDP frames on all cards at once, where no lldpd does. In a worker with privileges.

It hands the frames on as they are: what comes from a network is understood where nobody has
privileges (``LldpListener.understand``). Sources: packet(7); IEEE 802.1AB-2016, 9.2.5.7: a frame
every 30 s unless told otherwise.
"""

import select
import socket
import struct
import time
from collections.abc import Iterable

from .lldp_frame import ETHERTYPE, FRAME_MAX, GROUPS

#: Two frames' worth: one may be lost.
SECONDS = 65.0
#: Neighbours on one card (a hub, a switch that floods LLDP) and frames in all.
_PER_CARD, _FRAMES_MAX = 8, 1024
_SOL_PACKET, _ADD_MEMBERSHIP, _ORIGDEV, _MULTICAST = 263, 1, 9, 0
_OUTGOING = 4


def listen(cards: Iterable[str], seconds: float = SECONDS) -> dict[str, list[bytes]]:
    """Frames by the card that heard them, each sender once; it ends early once all have heard one.

    Raises OSError if the kernel does not let us.
    """
    heard: dict[str, dict[bytes, bytes]] = {card: {} for card in cards}
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE)) as sock:
        # a leg of a bond, not the bond, is what hangs on a switch
        sock.setsockopt(_SOL_PACKET, _ORIGDEV, 1)
        _join(sock, heard)
        for _ in range(_FRAMES_MAX):
            left = end - time.monotonic()
            if left <= 0 or all(heard.values()):
                break
            if not select.select([sock], [], [], left)[0]:
                break
            frame, (card, _, type, *_) = sock.recvfrom(FRAME_MAX)
            known = heard.get(card)
            if known is not None and type != _OUTGOING and len(known) < _PER_CARD:
                known[frame[6:12]] = frame
    return {card: list(frames.values()) for card, frames in heard.items()}


def _join(sock: socket.socket, cards: Iterable[str]) -> None:
    """Has the cards let frames to LLDP's groups through: struct packet_mreq of packet(7)."""
    for card in cards:
        try:
            index = socket.if_nametoindex(card)
        except OSError:
            continue  # it has just gone
        for group in GROUPS:
            wish = struct.pack("iHH8s", index, _MULTICAST, len(group), group)
            sock.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, wish)
