"""The holder's loop: one thread that reads carrier, events and clients, and does what the machine
says. Nothing in it opens a file on a disk, resolves a name, imports, or waits for anybody."""

import gc
import math
import os
import select
import signal
import socket
import time
from contextlib import suppress

from hwagent.net.rtnetlink import canonical

from .claim import claim, owner, turn_away
from .clients import Client, Clients, Refused
from .effects import Effect
from .kernel import Changes, Kernel
from .machine import Machine
from .protocol import (
    Event,
    Fitness,
    Ping,
    Plan,
    Pong,
    Release,
    Request,
    Status,
    Vip,
    VipStatus,
    clock,
)
from .realtime import Parent
from .ward import Word

#: Seconds between two looks at the carrier of the interfaces in the plan: each costs some 0.1 ms of
#: processor time on a slow core, most of it for waking up.
POLL = 0.02
#: Seconds between two turns if there is nothing to hold.
IDLE = 0.5
#: Seconds between tries of what failed: the claim, an interface that is not there.
RETRY = 1.0
#: Seconds of standing still after which others may have taken the addresses away.
STALL = 0.3
#: Seconds by which the time of day must have been set to be taken over.
STEP = 1.0
#: Every turn sleeps so long, for others at lower priority and for RLIMIT_RTTIME.
_SHORTEST = 0.001
#: Steps of the machine in one turn: changes, what failed of them, announcements.
_STEPS = 8
_QUIET = Changes()


class Holder:
    """One holder. Raises OSError if the kernel or the socket cannot be had."""

    def __init__(self, path: str, link_events: bool, parent: Parent) -> None:
        self._path = path
        self._parent = parent
        self._poll = select.epoll()
        self._kernel = Kernel(link_events)
        self._clients = Clients(path, self._poll)
        self._claim: socket.socket | None = None
        self._machine = Machine(clock())
        self._carriers: dict[str, bool] = {}
        self._lacks: tuple[str, ...] = ()
        self._changed = self._dirty = True
        self._due = -math.inf
        self._retry_at = -math.inf
        self._stall = 0.0
        self._orphaned = False
        self._epoch = time.time() - clock()
        self._status_told: Status | None = None
        self._told = True
        self._stopping, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in (self._kernel.fileno(), self._stopping):
            self._poll.register(number, select.EPOLLIN)

    def run(self, lacks: tuple[str, ...]) -> None:
        """Works until SIGTERM or SIGINT, then gives everything up; ``lacks`` is for the status."""
        self._lacks = lacks
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        try:
            while not self._turn():
                pass
        finally:
            self._machine.close()
            self._act(clock())
            with suppress(FileNotFoundError):
                os.unlink(self._path)

    def _turn(self) -> bool:
        """Waits and works once; true at the end."""
        asleep, pause = clock(), self._pause()
        ready = self._poll.poll(pause)
        awake = clock()
        if awake - asleep - pause > STALL:
            self._machine.stalled(awake)
        if awake - self._retry_at >= RETRY:
            self._retry(awake)
        for number, events in ready:
            self._serve(number, events)
        self._look()
        if self._changed or awake >= self._due:
            self._act(clock())
        done = clock()
        self._stall = max(self._stall, awake - asleep - pause, done - awake)
        if awake - asleep < _SHORTEST:  # no flood of events or requests keeps us from sleeping
            time.sleep(_SHORTEST)
        return self._orphaned or any(number == self._stopping for number, _ in ready)

    def _pause(self) -> float:
        """Seconds to wait; whole milliseconds, for epoll_wait(2) knows no others."""
        pause = min(POLL if self._carriers else IDLE, self._due - clock())
        return math.ceil(max(pause, _SHORTEST) * 1000) / 1000

    # What comes in

    def _retry(self, now: float) -> None:
        self._retry_at = now
        gc.collect()
        if abs(time.time() - now - self._epoch) > STEP:
            self._epoch = time.time() - now
        self._kernel.refresh()
        self._orphaned = self._parent.gone() and not self._machine.wanted(now)
        if self._claim is None:
            self._stake()

    def _stake(self) -> None:
        self._changed = True
        self._claim = claim()
        if self._claim is not None:
            self._poll.register(self._claim, select.EPOLLIN)
            self._machine.bar("")
        elif (other := owner()) is not None:
            reason = f"another holder (process {other.pid}) works in this network namespace"
            self._machine.bar(reason)
        else:
            self._machine.bar("")

    def _serve(self, number: int, events: int) -> None:
        if number == self._kernel.fileno():
            self._told = True
        elif self._claim is not None and number == self._claim.fileno():
            turn_away(self._claim)
        elif (client := self._clients.accept(number)) is not None:
            self._clients.send(client, self._status())
        for client, request in self._clients.requests(number, events):
            self._take(client, request)

    def _take(self, client: Client, request: Request | Refused) -> None:
        now = clock()
        if isinstance(request, Ping):
            return self._clients.send(client, Pong(request.number))
        self._changed = True
        if isinstance(request, Fitness):
            until = min(request.sent, now) + request.ttl
            self._machine.fitness(Word(request.fit, request.reason, until))
        elif isinstance(request, Plan):
            self._plan(now, client, request)
        elif isinstance(request, Release):
            if not self._machine.release(request.address):
                self._refuse(client, request.address, "not in the plan")
        else:
            self._refuse(client, "", request.reason)
        return None

    def _plan(self, now: float, client: Client, plan: Plan) -> None:
        try:
            vips = [Vip(canonical(vip.address), vip.interfaces) for vip in plan.vips]
            self._machine.plan(now, vips)
        except ValueError as e:
            return self._refuse(client, "", str(e))
        self._dirty = True
        return self._kernel.watch({name for vip in vips for name in vip.interfaces})

    def _refuse(self, client: Client, address: str, reason: str) -> None:
        self._clients.send(client, Event(address, "refused", "", reason, time.time()))

    def _look(self) -> None:
        """Carrier before addresses: what went with its link was taken away by nobody."""
        changes = self._kernel.changes() if self._told else _QUIET
        self._told = False
        flapped = self._kernel.look()
        if flapped is not None or changes.moved:
            self._link(clock(), (flapped or set()) | changes.moved)
        relevant = (self._machine.relevant(a.address, a.tagged) for a in changes.addresses)
        if self._dirty or changes.lost or any(relevant):
            self._changed, self._dirty = True, False
            self._machine.addresses(clock(), self._kernel.addresses())

    def _link(self, now: float, flapped: set[str]) -> None:
        carriers = self._kernel.carriers()
        if carriers == self._carriers and not flapped:
            return
        self._changed, self._carriers = True, carriers
        self._machine.links(carriers)
        for name in flapped:
            self._machine.flapped(now, name)

    # What goes out

    def _act(self, now: float) -> None:
        self._changed = False
        for _ in range(_STEPS):
            effects = self._machine.step(now)
            for effect in effects:
                self._perform(now, effect)
            if not effects:
                break
        self._due = due if (due := self._machine.due(now)) is not None else math.inf
        self._tell(now)

    def _perform(self, now: float, effect: Effect) -> None:
        try:
            self._kernel.perform(effect)
        except OSError as e:
            self._machine.failed(now, effect, e.strerror or str(e))
            self._changed = self._dirty = True

    def _tell(self, now: float) -> None:
        wall = time.time()
        for report in self._machine.news(now):
            self._clients.broadcast(Event(*report, time=wall))
        if (status := self._status()) != self._status_told:
            self._status_told = status
            self._clients.broadcast(status)

    def _status(self) -> Status:
        epoch = self._epoch
        missing = (f"the carrier of {name} but by netlink" for name in self._kernel.missing())
        return Status(
            vips=tuple(
                VipStatus(w.address, w.interface, w.state, round(w.since + epoch, 2), w.reason)
                for w in self._machine.wards()
            ),
            carriers=self._carriers,
            stall_ms_max=round(self._stall * 1000, 1),
            lacks=(*self._lacks, *missing),
        )
