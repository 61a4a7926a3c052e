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

from hwagent.net.manager import Manager

from .chamber import Chamber
from .claim import claim, owner, turn_away
from .clients import Clients
from .effects import AddAddress, DelAddress, Effect, Report
from .kernel import Changes, Kernel
from .lookout import Lookout
from .machine import Machine
from .pace import SHORTEST, Pace
from .protocol import Event, Status, Will, clock
from .realtime import Parent
from .requests import Requests
from .stalls import Told
from .telling import vip_status
from .todo import Todo
from .ward import ip

#: Seconds between tries of what failed: the claim, an interface that is not there.
RETRY = 1.0
#: Seconds between two sweeps of the collector: few things are left to it, but each look stalls us.
SWEEP = 10.0
#: Seconds of standing still after which others may have taken the addresses away.
STALL = 0.3
#: Seconds by which the time of day must have been set to be taken over.
STEP = 1.0
#: Seconds of work after which the process sleeps once, well before RLIMIT_RTTIME (realtime.py).
_LONG = 0.1
#: Seconds for which the gate lets an address pass that no group grants, unless said again.
_BREATH = 1.0
#: Steps of the machine in one turn: changes, what failed of them, announcements.
_STEPS = 8
_QUIET = Changes()
#: Seconds between two last wills.
_WILL = 0.25


class Holder:
    """One holder. Raises OSError if the kernel or the socket cannot be had."""

    def __init__(self, path: str, link_events: bool, parent: Parent) -> None:
        self._path = path
        self._parent = parent
        self._manager = Manager()
        self._poll = select.epoll()
        self._kernel = Kernel(link_events)
        self._clients = Clients(path, self._poll)
        self._claim: socket.socket | None = None
        self._machine = Machine(clock(), time.time() - clock())
        self._chamber = Chamber(self._machine, self._poll, self._settle, self._report)
        self._lookout = Lookout(self._kernel, self._machine, self._chamber)
        self._pace = Pace(clock(), link_events)
        self._todo = Todo()
        self._requests = Requests(
            self._clients,
            self._kernel,
            self._machine,
            self._chamber,
            self._lookout,
            self._pace,
            self._todo,
            self._settle,
        )
        self._will_at = -math.inf
        self._carriers: dict[str, bool] = {}
        self._lacks: tuple[str, ...] = ()
        self._due = -math.inf
        self._retry_at = self._sweep_at = -math.inf
        self._slept_at = clock()
        self._stalls_told: Told | None = None
        self._orphaned = False
        self._epoch = time.time() - clock()
        self._status_told: Status | None = None
        self._holders_told: dict[str, tuple[str, int]] = {}
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
        self._manager.ready()
        try:
            while not self._turn():
                pass
        finally:
            self._manager.stopping()
            self._chamber.close()
            self._machine.close()
            self._act(clock())
            self._clients.broadcast(Will(()))
            with suppress(FileNotFoundError):
                os.unlink(self._path)

    def _turn(self) -> bool:
        """Waits and works once; true at the end."""
        asleep = clock()
        pause = self._pace.pause(asleep, bool(self._carriers))
        ready = self._poll.poll(pause)
        awake = clock()
        if awake - asleep >= SHORTEST:
            self._slept_at = awake
        late = awake - asleep - pause
        if late > STALL:
            self._machine.stalled(awake)
        elif not ready and self._pace.quiet(awake) and self._kernel.still():
            self._pace.stalls.note(awake, late)
            return False
        if awake - self._retry_at >= RETRY:
            self._retry(awake)
        for number, events in ready:
            self._serve(number, events)
        self._look()
        self._rest()
        self._todo.decide |= self._chamber.tick(clock())
        self._todo.decide |= self._lookout.look(clock())  # once it is known what is held still
        if self._todo.decide or awake >= self._due:
            self._act(clock())
        self._breathe(clock())
        self._bequeath(awake)
        done = clock()
        self._manager.feed(done)
        self._plan_ahead(done)
        if self._pace.turned(asleep, late, awake, done):
            time.sleep(SHORTEST)
        return self._orphaned or any(number == self._stopping for number, _ in ready)

    def _rest(self) -> None:
        """Sleeps once after long work: the kernel ends who works on and on in real time. With the
        most addresses five turns are enough, and each of what they have done begins another."""
        if clock() - self._slept_at > _LONG:
            time.sleep(SHORTEST)
            self._slept_at = clock()

    def _plan_ahead(self, now: float) -> None:
        """Works out until when only the carrier is to be looked at, if nothing comes in."""
        chores = [self._retry_at + RETRY, now + self._manager.interval, self._lookout.due()]
        if self._chamber.slots.there:
            chores.append(self._todo.breathe_at)
        if self._chamber:
            chores.append(self._will_at)
        if self._todo.decide or self._todo.read:
            chores.append(-math.inf)
        self._pace.ahead(min(self._due, self._chamber.due()), min(chores))

    # What comes in

    def _retry(self, now: float) -> None:
        self._retry_at = now
        if self._todo.sweep or now >= self._sweep_at:
            self._sweep_at = now + SWEEP
            gc.collect()
            if self._todo.sweep:  # what came with the plan stays: no sweep need look at it again
                gc.freeze()
            self._todo.sweep = False
        if abs(time.time() - now - self._epoch) > STEP:
            self._epoch = time.time() - now
        self._kernel.refresh()
        self._orphaned = self._parent.gone() and not self._machine.wanted(now)
        if self._claim is None:
            self._stake()
        stalled = self._pace.stalls.told() is not self._stalls_told
        if stalled or self._chamber.holders() != self._holders_told:
            self._tell(now)

    def _stake(self) -> None:
        self._todo.decide = True
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
        elif self._chamber.serve(number):
            return
        elif self._claim is not None and number == self._claim.fileno():
            turn_away(self._claim)
        elif (client := self._clients.accept(number)) is not None:
            self._clients.send(client, self._status())
        for client, request in self._clients.requests(number, events):
            self._requests.take(client, request)
            self._rest()

    def _look(self) -> None:
        """Carrier before addresses: what went with its link was taken away by nobody."""
        changes = self._kernel.changes() if self._told else _QUIET
        self._told = False
        flapped = self._kernel.look()
        if changes.links or flapped:
            self._pace.alert(clock())
        if flapped is not None or changes.moved:
            self._link(clock(), (flapped or set()) | changes.moved)
        relevant = (self._machine.relevant(a.address, a.tagged) for a in changes.addresses)
        if self._todo.read or changes.lost or any(relevant):
            self._todo.decide, self._todo.read = True, False
            present = self._kernel.addresses()
            self._machine.addresses(clock(), present, self._kernel.refused)

    def _link(self, now: float, flapped: set[str]) -> None:
        carriers = self._kernel.carriers()
        if carriers == self._carriers and not flapped:
            return
        self._todo.decide, self._carriers = True, carriers
        self._machine.links(carriers)
        for name in flapped:
            self._machine.flapped(now, name)

    # What goes out

    def _act(self, now: float) -> None:
        self._todo.decide = False
        self._steps(now)
        self._stand()
        if self._todo.decide:  # the lease had addresses set: they are announced now that it is open
            self._steps(now)
        self._due = due if (due := self._machine.due(now)) is not None else math.inf
        self._tell(now)

    def _steps(self, now: float) -> None:
        for _ in range(_STEPS):
            effects = self._machine.step(now)
            self._do(now, effects)
            self._rest()
            if not effects:
                break

    def _settle(self) -> None:
        """One step: addresses that come and go, before anything is announced."""
        self._todo.decide = True
        now = clock()
        self._do(now, self._machine.step(now))

    def _do(self, now: float, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(now, effect)
            self._rest()

    def _stand(self) -> None:
        """Tells the groups for which addresses this host stands."""
        if self._chamber:
            self._chamber.tell(self._requests.fitness)

    def _perform(self, now: float, effect: Effect) -> None:
        slots, address = self._chamber.slots, ip(effect.place.address)
        if isinstance(effect, DelAddress):
            if not self._machine.holds(address):  # else it only goes to another interface
                slots.open_until((address,), 0)
        elif isinstance(effect, AddAddress) and not self._chamber.grants(address):
            slots.open_until((address,), now + _BREATH)
        try:
            self._kernel.perform(effect)
        except OSError as e:
            self._machine.failed(now, effect, e.strerror or str(e))
            self._todo.decide = self._todo.read = True

    def _breathe(self, now: float) -> None:
        """Keeps the gate open for addresses that are held by the agent's word alone."""
        if now < self._todo.breathe_at or not self._chamber.slots.there:
            return
        self._todo.breathe_at = now + _BREATH / 2
        held = tuple(ward.ip for ward in self._machine.alone if ward.state == "held")
        self._chamber.slots.open_until(held, now + _BREATH)

    def _bequeath(self, now: float) -> None:
        """Gives the guardian the last will anew: who restarted could not open the old one."""
        if now >= self._will_at and self._chamber:
            self._will_at = now + _WILL
            self._clients.broadcast(Will(self._chamber.wills()))

    def _report(self, report: Report) -> None:
        self._clients.broadcast(Event(*report[:4], time=time.time(), epoch=report.epoch))

    def _tell(self, now: float) -> None:
        for report in self._machine.news(now):
            self._report(report)
        if (status := self._status()) != self._status_told:
            self._status_told = status
            self._clients.broadcast(status)
            self._manager.tell(status.summary())

    def _status(self) -> Status:
        now, started = clock(), self._epoch
        holders = self._holders_told = self._chamber.holders()
        stalls = self._stalls_told = self._pace.stalls.told()
        wards = self._machine.wards()
        missing = [f"the carrier of {name} but by netlink" for name in self._kernel.missing()]
        missing += [f"a port that passes packets at {n}" for n in sorted(self._machine.muted)]
        return Status(
            vips=tuple(vip_status(w, *holders.get(w.ip, ("", 0)), now, started) for w in wards),
            carriers=self._carriers,
            stall_ms_max=stalls.start,
            stall_ms_hour=stalls.hour,
            turns=stalls.turns,
            lacks=(
                *self._lacks,
                *missing,
                *self._requests.gate_lacks,
                *self._chamber.lacks(),
                *self._lookout.lacks(),
            ),
            links=self._requests.links,
            dropped=self._chamber.dropped(),
        )
