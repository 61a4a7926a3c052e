"""One group on this host: its lease, its wire, its gateway, and the clocks that drive them."""

import math
import os
import select
import time
from collections.abc import Iterator, Mapping
from random import Random

from hwagent.lease import Effect, Electorate, Group, Node, Now, Word
from hwagent.lease.messages import Hello
from hwagent.net.ping import Ping
from hwagent.seal.channel import Channel
from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import POLICIES, Sealer

from .gateway import Gateway
from .paths import Paths
from .protocol import GroupPlan, Parcel, Secrets, clock
from .wire import Wire


class Council:
    """A voter's, an owner's or a witness's part in a group. Raises OSError, ValueError."""

    def __init__(
        self, host: str, plan: GroupPlan, nonce: int, secrets: Secrets, poll: select.epoll
    ) -> None:
        self.plan = plan
        self._host = host
        group = group_of(plan)
        own = {**group.members, **group.addresses()}.get(host, ())
        if not own:
            raise ValueError(f"{host!r} is neither voter nor member of group {plan.name!r}")
        self._own = own
        self.wire = Wire(own, plan.port, _channel(secrets), poll)
        self.node = Node(clocks(), host, nonce, group, Random(nonce))
        self._gateway: Gateway | None = None
        self._find_gateway(plan)
        self.paths = Paths(clock(), plan.name, host, len(own))
        self._meet()

    def stays(self, host: str, plan: GroupPlan) -> bool:
        """Whether a plan can be taken without ending what is held: same host, same sockets."""
        hosts = {**plan.members, **plan.previous, **plan.voters}
        same = (host, hosts.get(host), plan.port) == (self._host, self._own, self.plan.port)
        return same and plan.quorum == self.plan.quorum

    def reconfigure(self, plan: GroupPlan) -> list[Effect]:
        """Takes another plan of the same group; what is held stays held.

        Raises ValueError, and OSError for a gateway that cannot be asked.
        """
        group = group_of(plan)
        if _asked(plan) != _asked(self.plan):
            self._find_gateway(plan)
        effects = self.node.reconfigure(clocks(), group)
        self.plan = plan
        self._meet()
        return effects

    def rekey(self, secrets: Secrets) -> None:
        """Takes other keys; what is held stays held."""
        self.wire.rekey(_channel(secrets))

    def receive(self, number: int) -> Iterator[Effect]:
        """What comes of all that has come in; the clock is read anew after each packet."""
        for source, message in self.wire.receive(number):
            self.paths.heard(clock(), source)
            if isinstance(message, Hello):
                if message.group == self.plan.name:
                    self.paths.told(clock(), source, message)
                continue
            yield from self.node.receive(clocks(), source, message)

    def greet(self) -> bool:
        """Says hello on every path; true if that changed which networks are mute."""
        before = self.paths.mute
        hello = self.paths.hello(clock())
        for address in self.paths.addresses():
            self.wire.send(address, hello)
        return self.paths.mute != before

    def knock(self) -> bool:
        """Asks the gateway, if it is time, and whether this host's own vote is enough follows from
        its answers; true if that is news."""
        before = self._alone
        if self._gateway is not None and self._gateway.due() <= (now := clock()):
            self._gateway.knock(now)
            self._stand(self._gateway.answers(now))
        return self._alone != before

    def lacks(self) -> tuple[str, ...]:
        """Why this host's own vote is not enough where one voter is, if so."""
        gateway = f"an answer of {self.plan.gateway}, the gateway of group {self.plan.name}"
        return () if self._alone else (gateway,)

    def due(self) -> float:
        """When time alone changes something."""
        gateway = math.inf if self._gateway is None else self._gateway.due()
        return min(self.node.due(), self.paths.due(), gateway)

    def mute(self) -> list[str]:
        """This host's addresses on networks whose port is mute."""
        return [self._own[network] for network in self.paths.mute]

    def tell(self, word: Word) -> list[Effect]:
        """Takes for which addresses this host stands, and how."""
        return self.node.fitness(clocks(), word)

    def move(self, vip: str, successor: str) -> list[Effect]:
        """Hands an address to a member, once that accepts it."""
        return self.node.move(clocks(), vip, successor)

    def tick(self) -> list[Effect]:
        """Time has passed."""
        return self.node.tick(clocks())

    def close(self) -> list[Effect]:
        """Gives everything up."""
        if self._gateway is not None:
            self._gateway.close()
        return self.node.close(clocks())

    def holders(self) -> Mapping[str, tuple[str, int]]:
        """Host and epoch of each address that is held, if this host has a vote."""
        voter = self.node.voter
        return {} if voter is None else voter.holders(clocks().raw)

    def will(self) -> list[Parcel]:
        """For the guardian to send if this process has died."""
        return self.wire.parcels(self.peers(), self.node.will())

    def peers(self) -> dict[str, tuple[str, ...]]:
        """All hosts of the group, with their addresses."""
        return {**self.node.group.members, **self.node.group.addresses()}

    def _find_gateway(self, plan: GroupPlan) -> None:
        """Asks the gateway of a plan from now on. Raises OSError."""
        before, (address, interval, patience) = self._gateway, _asked(plan)
        self._gateway = Gateway(Ping(address), interval, patience) if address else None
        self._stand(self._gateway is None)
        if before is not None:
            before.close()

    def _stand(self, alone: bool) -> None:
        self._alone = alone
        self.node.alone(alone)

    def _meet(self) -> None:
        self.wire.meet(self.peers())
        self.paths.meet(self.peers())


def _asked(plan: GroupPlan) -> tuple[str, float, float]:
    """Which gateway is asked, how often, and for how long an answer counts: as long as a lease."""
    return plan.gateway, plan.interval, plan.lease


def _channel(secrets: Secrets) -> Channel:
    sealer = Sealer(Keyring(secrets.keys), secrets.label, POLICIES[secrets.policy])
    return Channel(clock(), sealer, lambda: int.from_bytes(os.urandom(8), "big") | 1)


def clocks() -> Now:
    """The clocks of this host, now."""
    return Now(
        time.clock_gettime(time.CLOCK_MONOTONIC_RAW),
        time.clock_gettime(time.CLOCK_BOOTTIME),
        time.time(),
    )


def group_of(plan: GroupPlan) -> Group:
    """The lease's view of a plan. Raises ValueError for times that cannot work."""
    before = plan.previous_longest or plan.longest
    return Group(
        name=plan.name,
        voters=Electorate(plan.voters, plan.longest),
        previous=Electorate(plan.previous, before) if plan.previous else None,
        members={n: a for n, a in plan.members.items() if n not in plan.voters},
        interval=plan.interval,
        lease=plan.lease,
        rate=plan.rate,
        slew=plan.slew,
        quorum=plan.quorum,
        preempt=plan.preempt,
    )
