"""A simulated host: the shell around a node, and the kernel, which outlives it.

The process can stop at any step: between two effects, and between a packet's arrival and its
reading. What it has decided and not yet done waits in ``_backlog``, what has come in meanwhile in
``_inbox``. The gate of the kernel goes by its own clock all the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING

from hwagent.lease import (
    AddAddress,
    DelAddress,
    Effect,
    Group,
    Node,
    Now,
    Report,
    Send,
    SetGate,
    decode,
)

from .clock import Clock

if TYPE_CHECKING:
    from .world import World

Input = Callable[[Node, Now], list[Effect]]


class Host:
    """One machine. ``key`` is unique, ``name`` is not if it was cloned."""

    def __init__(
        self, world: World, key: str, name: str, addresses: tuple[str, ...], clock: Clock
    ) -> None:
        self.world, self.key, self.name = world, key, name
        self.addresses, self.clock = addresses, clock
        self.group: Group = world.plan.group
        self.node: Node | None = None
        self.boot = self.process = 0
        self.powered = True
        self.frozen_until = -math.inf
        self.deaf = False
        self.gates: dict[str, float] = {}
        self.present: set[str] = set()
        self.epochs: dict[str, int] = {}
        self.trap: tuple[int, str, str, tuple[float, ...]] | None = None
        self._backlog: list[tuple[Now, Effect]] = []
        self._inbox: list[Input] = []
        self._paused_at = clock.now(0.0)
        self._timer = math.inf

    # Life

    def start(self) -> None:
        """Starts the process, with a new nonce and whatever configuration is on the disk."""
        if self.node is None and self.powered:
            self.process += 1
            nonce = self.world.nonce()
            self.node = Node(self.now(), self.name, nonce, self.group, Random(nonce))
            self._after(self.now(), [])

    def die(self) -> Node | None:
        """Ends the process where it stands; returns what it was."""
        node, self.node, self.deaf = self.node, None, False
        self.frozen_until, self._timer = -math.inf, math.inf
        self._backlog, self._inbox, self.trap = [], [], None
        self.epochs = {}
        return node

    def cut_power(self) -> None:
        """The machine is off: nothing of it answers."""
        self.die()
        self.boot += 1
        self.powered = False
        for vip in self.gates:
            self.world.shut(self, vip)
        self.gates, self.present = {}, set()

    def freeze(self, seconds: float) -> None:
        """The process stops; the kernel goes on."""
        if self.node is None:
            return
        if self.world.time >= self.frozen_until:
            self._paused_at = self.now()
        self.frozen_until = max(self.frozen_until, self.world.time + seconds)
        self.world.at(self.frozen_until, self._thaw, self.process)

    def _thaw(self, process: int) -> None:
        if process != self.process or self.world.time < self.frozen_until:
            return
        self.deaf = False
        backlog, self._backlog = self._backlog, []
        self._perform(backlog)
        self._catch_up()

    def _catch_up(self) -> None:
        while self._inbox and not self.stopped():
            take = self._inbox.pop(0)
            self._after(now := self._queued(), take(self.node, now))
        if not self.stopped():
            self.tick()

    def stopped(self) -> bool:
        """Whether the process does nothing now."""
        return self.node is None or self.world.time < self.frozen_until

    # Inputs

    def now(self) -> Now:
        """This host's clocks."""
        return self.clock.now(self.world.time)

    def _queued(self) -> Now:
        """The clock as it is read for a packet that waited in the queue."""
        return self.now()

    def take(self, inlet: Input) -> None:
        """Something comes in, to be looked at when the process runs."""
        if self.node is None:
            return
        if self.stopped():
            self._inbox.append(inlet)
            return
        now = self.now()
        self._after(now, inlet(self.node, now))

    def receive(self, source: str, data: bytes) -> None:
        """A packet arrives."""
        if not self.deaf:
            self.take(lambda node, now: node.receive(now, source, decode(data)))

    def tick(self) -> None:
        """Time has passed for the process."""
        now = self.now()
        assert self.node is not None
        self._after(now, self.node.tick(now))

    def _wake(self, time: float, process: int) -> None:
        if process == self.process and time == self._timer:
            self._timer = math.inf
            if not self.stopped():
                self.tick()

    # Outputs

    def _after(self, now: Now, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, SetGate) and 0 < effect.deadline <= now.boot:
                self.world.fault("late", f"{self.key} opens {effect.vips} after its lease")
        if effects:
            self._perform([(now, effect) for effect in effects])
        if self.node is not None:
            due = self.node.due()
            time = self.clock.when(due) + 1e-6 if due < math.inf else math.inf
            if time < self._timer:
                self._timer = max(time, self.world.time)
                self.world.at(self._timer, self._wake, self._timer, self.process)

    def _perform(self, effects: list[tuple[Now, Effect]]) -> None:
        for i, (now, effect) in enumerate(effects):
            if self.trap is not None and self._caught(effect):
                if self.node is not None:
                    self._backlog += effects[i:]
                return
            self._do(now, effect)

    def _caught(self, effect: Effect) -> bool:
        """Counts steps to the fault that waits for this host; true if it happened now."""
        assert self.trap is not None
        count, before, action, args = self.trap
        if before and type(effect).__name__ != before:
            return False
        self.trap = (count - 1, before, action, args)
        if count > 0:
            return False
        self.trap = None
        self.world.strike(self, action, args)
        return True

    def _do(self, now: Now, effect: Effect) -> None:
        if isinstance(effect, Send):
            self.world.send(self, effect)
        elif isinstance(effect, SetGate):
            self.set_gate(now, effect)
        elif isinstance(effect, AddAddress):
            self.present.add(effect.vip)
        elif isinstance(effect, DelAddress):
            self.present.discard(effect.vip)
        elif isinstance(effect, Report):
            self._report(effect)

    def set_gate(self, decided: Now, effect: SetGate) -> None:
        """The kernel takes a deadline, whenever that was decided."""
        boot = self.now().boot
        for vip in effect.vips:
            self.gates[vip] = effect.deadline
            if effect.deadline > boot:
                if vip not in self.present:
                    self.world.fault("bare", f"{self.key} opens {vip} without the address")
                self.world.open(self, vip, self.clock.when(effect.deadline))
                self.write(vip)
            else:
                self.world.shut(self, vip)

    def write(self, vip: str) -> None:
        """The service behind the VIP writes to a store that knows epochs."""
        if vip in self.epochs and self.now().boot < self.gates.get(vip, 0.0):
            self.world.store(self, vip, self.epochs[vip])

    def _report(self, report: Report) -> None:
        self.world.told(self, report)
        if report.type == "held":
            self.epochs[report.vip] = report.epoch
            self.write(report.vip)
        elif report.type == "lost":
            self.epochs.pop(report.vip, None)
