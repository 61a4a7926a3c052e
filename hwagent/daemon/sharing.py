"""Which of the hosts that have a switch configured polls it, and whether it is down. Pure.

All of them say in their gossiped status what they know of the switch; the same words lead all to
the same answer. The one that polls is the highest by rendezvous hashing among those that are alive
and have not found it silent. Once one finds it silent all ask it for a sign of life: it is down if
none that is alive gets one, and they are a majority of those known to watch it. A host that is cut
off, and so alone with its opinion, does not know.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from hwagent.cluster.messages import Value
from hwagent.cluster.placement import score
from hwagent.config.switches import Switch
from hwagent.snmp.messages import Role

#: Whether a switch answers a host; that is unknown while the host need not ask.
Word = Literal["yes", "no", "?"]
_KEY = "watch:"


class Watcher(NamedTuple):
    """A host that has the switch configured, and what it says; ``hints`` counts traps it heard."""

    name: str
    alive: bool
    word: str
    hints: int = 0


class Decision(NamedTuple):
    """What this host does about a switch, who polls it, whether it is reachable (None if that is
    not known, and ``why``)."""

    role: Role
    poller: str
    reachable: bool | None
    why: str = ""


class Sharing:
    """What this host says of its switches, and what follows from that and the others' words."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._switches: dict[str, Switch] = {}
        self._words: dict[str, Word] = {}
        self._hints: Counter[str] = Counter()
        self._heard: dict[str, int] = {}

    def configure(self, switches: Iterable[Switch]) -> None:
        """Takes the switches of the configuration."""
        self._switches = {switch.name: switch for switch in switches}
        self._words = {n: w for n, w in self._words.items() if n in self._switches}

    def heard(self, name: str, answered: bool) -> None:
        """A poll or check of a switch came back."""
        self._words[name] = "yes" if answered else "no"

    def hint(self, name: str) -> None:
        """A trap came here of a switch that another host polls: that one should look."""
        self._hints[name] += 1

    def values(self) -> dict[str, Value]:
        """Keys of this host's gossiped status."""
        return {
            f"{_KEY}{name}": f"{_place(s)} {self._words.get(name, '?')} {self._hints[name]}"
            for name, s in self._switches.items()
        }

    def decide(
        self, members: Sequence[tuple[str, bool, Mapping[str, Value]]]
    ) -> dict[str, Decision]:
        """What to do about each switch. ``members`` are the others: name, whether it is alive, and
        its status. Who rests does not know whether the switch answers."""
        found = {}
        for name, switch in self._switches.items():
            watchers = [Watcher(self._me, True, self._words.get(name, "?"))]
            for other, alive, values in members:
                if said := _watcher(other, alive, values.get(f"{_KEY}{name}"), _place(switch)):
                    watchers.append(said)
            found[name] = decide(self._me, name, watchers)
            if found[name].role == "rest":
                self._words.pop(name, None)
        return found

    def hinted(self, members: Sequence[tuple[str, bool, Mapping[str, Value]]]) -> list[str]:
        """Switches that another host heard a trap of since this was asked last."""
        found = []
        for name, switch in self._switches.items():
            said = (_watcher(m, a, v.get(f"{_KEY}{name}"), _place(switch)) for m, a, v in members)
            total = sum(w.hints for w in said if w)
            if total > self._heard.get(name, total):
                found.append(name)
            self._heard[name] = total
        return found


def decide(me: str, switch: str, watchers: Sequence[Watcher]) -> Decision:
    """What one of the watchers does about a switch."""
    alive = [w for w in watchers if w.alive]
    seeing = [w for w in alive if w.word != "no"]
    poller = max(seeing or alive, key=lambda w: (score(switch, w.name, 1.0), w.name)).name
    doubted = len(seeing) < len(alive)
    role: Role = "poll" if poller == me else "check" if doubted else "rest"
    if any(w.word == "yes" for w in alive):
        return Decision(role, poller, True)
    if seeing:
        return Decision(role, poller, None, "it has not been asked yet")
    if 2 * len(alive) > len(watchers):
        return Decision(role, poller, False)
    away = ", ".join(w.name for w in watchers if not w.alive)
    return Decision(role, poller, None, f"it does not answer here; {away} cannot be asked")


def _watcher(name: str, alive: bool, value: Value, place: str) -> Watcher | None:
    """What a member says of a switch; None if it does not watch it, or one of another address."""
    words = value.split() if isinstance(value, str) else []
    if len(words) != 3 or words[0] != place or not words[2].isdecimal():
        return None
    return Watcher(name, alive, words[1], int(words[2][:9]))


def _place(switch: Switch) -> str:
    return f"{switch.address}:{switch.port}"
