"""All switches: one task each, so that one that is dead, slow or lying delays no other."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from hwagent.collect.later import Postponed, later
from hwagent.config.switches import Switch, Traps

from .access import Access, access
from .listener import Listener, listen, own_clock
from .makers import Makers
from .messages import Dropped, Polled, Role, Trapped
from .oid import show_oid
from .pdu import Trap
from .poller import Poller, Tell
from .session import Session
from .traps import Friend, Reception, plain_source


class Pollers:
    """Polls switches and hears their traps, for whoever is told."""

    def __init__(self, switches: Iterable[Switch], makers: Makers, tell: Tell) -> None:
        self._tell = tell
        self._pollers: dict[str, Poller] = {}
        self._friends: list[Friend] = []
        self._dropped = Postponed(self._tell_dropped)
        for switch in switches:
            try:
                where = access(switch)
            except ValueError as e:
                tell(Polled(switch.name, False, why=str(e)))
                continue
            session = Session(where, float(switch.timeout), float(switch.pause))
            self._pollers[switch.name] = Poller(switch, session, makers, tell)
            self._friends.append(_friend(switch, where, session))
        self._reception = Reception(own_clock(), self._friends)

    def play(self, roles: Mapping[str, Role]) -> None:
        """Takes what this host does about each switch."""
        for name, poller in self._pollers.items():
            poller.play(roles.get(name, "poll"))

    def hurry(self, name: str, down: Sequence[str] = ()) -> None:
        """Another host heard a trap of a switch, or somebody calls some of its ports down."""
        if name in self._pollers:
            self._pollers[name].hurry(down=down)

    def locate(self, addresses: list[str]) -> None:
        """Looks from now on behind which ports these addresses are."""
        for poller in self._pollers.values():
            poller.locate(addresses)

    async def run(self, traps: Traps) -> None:
        """Polls and listens until cancelled."""
        if traps.place is not None:
            try:
                await listen(traps.place, Listener(self._reception, self._heard, self._dropped.due))
            except OSError as e:
                self._tell(Dropped(problem=f"traps are not heard at {traps.bind}: {e.strerror}"))
        async with asyncio.TaskGroup() as tasks:
            for number, poller in enumerate(self._pollers.values()):
                tasks.create_task(later(number, poller.run))

    def _heard(self, name: str, trap: Trap) -> None:
        self._tell(Trapped(name, show_oid(trap.oid)))
        self._pollers[name].hurry(trap)

    def _tell_dropped(self) -> None:
        self._tell(Dropped(dict(self._reception.dropped)))


def _friend(switch: Switch, where: Access, session: Session) -> Friend:
    sources = tuple(filter(None, map(plain_source, (switch.address, *switch.trap_sources))))
    return Friend(switch.name, sources, lambda: plain_source(session.peer), where, session.dialect)
