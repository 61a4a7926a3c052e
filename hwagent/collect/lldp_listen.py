"""What each network card hangs on, heard by ourselves where no lldpd runs. See ``lldp``."""

import errno
from contextlib import suppress
from typing import ClassVar

from hwagent.model import Sample

from .base import Collector
from .interface import interfaces, number_or_none, place
from .lldp import METRICS, neighbours_of
from .lldp_frame import neighbour
from .lldp_output import Neighbour
from .lldp_socket import SECONDS, listen
from .root import Root, Unreadable

#: Where lldpd's clients find it: lldpd(8), -u.
_LLDPD = ("run/lldpd.socket", "run/lldpd/lldpd.socket", "var/run/lldpd.socket")
#: Attribute that holds what was heard until it is understood.
_FRAMES = "frames"
#: No privilege; and what a service gets that may not have such a socket (systemd.exec(5)).
_NOT_ALLOWED = (errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT)


class LldpListener(Collector):
    """Neighbours of all cards that have a link; a packet socket needs privileges."""

    name: ClassVar = "lldp_listen"
    kinds: ClassVar = {"nic": METRICS}
    interval: ClassVar = 120.0
    deadline: ClassVar = SECONDS + 15
    privileged: ClassVar = True
    slow: ClassVar = True

    def targets(self, root: Root) -> list[str]:
        """One for all cards of a live host without lldpd."""
        if not root.live or any(root.exists(path) for path in _LLDPD):
            return []
        return [""] if _linked(root) else []

    def collect(self, root: Root, target: str) -> list[Sample]:
        """What each card heard, as frames; nothing where we may not listen, as in the helper's
        sandbox unless ``lldp.conf`` lets it. Raises Unreadable for whatever else goes wrong.
        """
        try:
            heard = listen(_linked(root))
        except OSError as e:
            if e.errno in _NOT_ALLOWED:
                return []
            raise Unreadable("LLDP", f"cannot listen: {e.strerror or e}") from None
        samples = [neighbours_of(card, [], place(root, card)) for card in heard]
        for sample, frames in zip(samples, heard.values()):
            sample.attributes[_FRAMES] = [frame.hex() for frame in frames]
        return samples

    def understand(self, samples: list[Sample]) -> list[Sample]:
        """Frames as neighbours."""
        return [_understood(s) for s in samples]


def _linked(root: Root) -> list[str]:
    cards = interfaces(root, "nic")
    return [c for c in cards if number_or_none(root, f"sys/class/net/{c}/carrier") == 1]


def _understood(sample: Sample) -> Sample:
    where = dict(sample.attributes)
    heard: list[Neighbour] = []
    for frame in where.pop(_FRAMES, ()):
        with suppress(ValueError):  # a neighbour that leaves, or what is no LLDP at all
            heard.append(neighbour(bytes.fromhex(frame)))
    return neighbours_of(where["name"], heard, where)


COLLECTOR = LldpListener
