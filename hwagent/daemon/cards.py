"""Which port of which switch each network card of this host hangs on, and when one loses its link.
Pure."""

from hwagent.topology.discover import links_heard

from .inventory import Joined
from .judge import component


class Cards:
    """The far ends of cards, remembered from when they had a link: without one they hear nobody."""

    def __init__(self) -> None:
        self._far: dict[str, str] = {}
        self._up: set[str] = set()

    def lost(self, card: Joined) -> str:
        """Takes a card as it is now; returns the port at its other end if it has just lost its link
        and that is known, else nothing."""
        self._far |= links_heard((component(card, []),))
        name = card.id.partition(":")[2]
        if card.metrics.get("carrier") == 1:
            self._up.add(name)
        elif card.metrics.get("carrier") == 0 and name in self._up:
            self._up.discard(name)
            far = self._far.get(name, "")
            return far if far.startswith("port:") and card.metrics.get("admin_up") != 0 else ""
        return ""
