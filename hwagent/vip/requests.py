"""What agents and guardians ask of the holder, taken one by one."""

import math
import time
from collections.abc import Callable

import msgspec

from hwagent.net.rtnetlink import canonical

from .chamber import Chamber
from .clients import Client, Clients, Refused
from .kernel import Kernel
from .lookout import Lookout
from .machine import Machine
from .pace import Pace
from .protocol import (
    Event,
    Fitness,
    Gate,
    Move,
    Ping,
    Plan,
    Pong,
    Ready,
    Release,
    Request,
    VirtualLink,
    clock,
)
from .todo import Todo
from .ward import Word, ip

_NO_GATE = "the kernel's gate: no guardian has brought it"


class Requests:
    """Passes requests on to the parts of the holder; what is wrong with one is told to its sender.

    ``settle`` has the machine's decisions about addresses done.
    """

    def __init__(
        self,
        clients: Clients,
        kernel: Kernel,
        machine: Machine,
        chamber: Chamber,
        lookout: Lookout,
        pace: Pace,
        todo: Todo,
        settle: Callable[[], None],
    ) -> None:
        self._clients = clients
        self._kernel = kernel
        self._machine = machine
        self._chamber = chamber
        self._lookout = lookout
        self._pace = pace
        self._todo = todo
        self._settle = settle
        #: The agent's last word.
        self.fitness = Fitness(False, "", 0.0, -math.inf)
        #: Links with a virtual MAC address of the last plan.
        self.links: tuple[VirtualLink, ...] = ()
        #: What keeps the gate from being there.
        self.gate_lacks: tuple[str, ...] = (_NO_GATE,)

    def take(self, client: Client, request: Request | Refused) -> None:
        """Does what is asked, or notes it for the rest of this turn."""
        if isinstance(request, Ping):
            return self._clients.send(client, Pong(request.number))
        if isinstance(request, Fitness):
            return self._hear(request)
        self._todo.decide = True
        match request:
            case Plan():
                self._plan(client, request)
            case Release(address):
                if not self._machine.release(address):
                    self._refuse(client, address, "not in the plan")
            case Move(address, successor):
                if not self._chamber.move(ip(address), successor):
                    self._refuse(client, address, "not an address of a group in the plan")
            case Ready():
                self._ready(client, request)
            case Gate():
                self._gate(client, request)
            case Refused(reason):
                self._refuse(client, "", reason)
        return None

    def _hear(self, said: Fitness) -> None:
        """Takes the agent's word; the same again, while it counts still, changes only its end."""
        before, self.fitness = self.fitness, said
        now = clock()
        until = min(said.sent, now) + said.ttl
        self._machine.fitness(Word(said.fit, said.reason, until))
        same = msgspec.structs.replace(said, sent=before.sent, ttl=before.ttl) == before
        if same and now < min(until, before.sent + before.ttl):
            self._chamber.prolong(until)
        else:
            self._todo.decide = True

    def _plan(self, client: Client, plan: Plan) -> None:
        """A plan that cannot be is refused whole; one group that cannot work leaves the others."""
        # Nobody waits for a holder that holds nothing: loading what groups need is no stall
        self._pace.idle = not any(ward.state == "held" for ward in self._machine.wards())
        self._todo.sweep = True
        try:
            vips = [msgspec.structs.replace(v, address=canonical(v.address)) for v in plan.vips]
            self._machine.plan(clock(), vips)
        except ValueError as e:
            return self._refuse(client, "", str(e))
        self._todo.read = True
        self._virtual(plan.links)
        self._kernel.watch({name for vip in vips for name in vip.interfaces})
        self._lookout.plan(vips)
        try:
            self._chamber.plan(msgspec.structs.replace(plan, vips=tuple(vips)))
        except ValueError as e:
            self._refuse(client, "", str(e))
        except OSError as e:
            self._refuse(client, "", f"a group's socket: {e.strerror or e}")
        return None

    def _virtual(self, links: tuple[VirtualLink, ...]) -> None:
        self.links = links
        self._kernel.virtual({link.name: link.parent for link in links})
        self._machine.steady({link.name for link in links})

    def _ready(self, client: Client, said: Ready) -> None:
        """Services run: the clock is judged first, then the address, the gate, and the neighbours
        are told at the end of the turn."""
        now = clock()
        self._chamber.tick(now)
        try:
            address = canonical(said.address)
        except ValueError as e:
            return self._refuse(client, said.address, str(e))
        if now < said.until:
            self._machine.ready(now, address, said.epoch, said.problem)
            self._settle()
            self._chamber.open(ip(address))
        return None

    def _gate(self, client: Client, gate: Gate) -> None:
        slots = self._chamber.slots
        try:
            if client.files:
                slots.adopt(client.files.pop(0), gate.slots)
            elif gate.kind == "nftables":
                slots.adopt_tickets(gate.slots)
            else:
                slots.assign(gate.slots)
        except (OSError, ValueError) as e:
            return self._refuse(client, "", f"no gate: {e}")
        self.gate_lacks = (f"the kernel's gate: {gate.problem}",) if gate.problem else ()
        self._todo.breathe_at = -math.inf
        return None

    def _refuse(self, client: Client, address: str, reason: str) -> None:
        self._clients.send(client, Event(address, "refused", "", reason, time.time()))
