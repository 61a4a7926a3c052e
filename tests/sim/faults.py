"""The faults of a plan, one method each: what happens to hosts, the helper, the configuration."""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from hwagent.lease import Electorate, Send

from .host import Host
from .plan import Plan, addresses, clock


class Noise(NamedTuple):
    """What the network does to packets from and to a host (or all)."""

    source: str
    target: str
    drop: float
    copy: float
    delay: float


class Faults:
    """Half of the world: the other half has time, the network and the checks."""

    plan: Plan
    time: float
    hosts: list[Host]
    _random: Random
    _noises: list[Noise]
    _cuts: list[tuple[str, str, int]]
    _silent_agents: dict[str, str]

    def strike(self, host: Host, action: str, args: tuple[Any, ...]) -> None:
        """The fault of a trap."""
        self._say(f"trap: {action} {host.key}")
        getattr(self, f"do_{action}")(host.key, *args)

    def _end_process(self, host: Host, pauses: tuple[float, ...], downtime: float) -> None:
        """The process ended; the helper sees that, and does its part in four steps."""
        node, boot = host.die(), host.boot
        if node is not None:
            self.at(
                self.time + pauses[0],
                self._help,
                host,
                boot,
                list(self.last_will(host, node)),
                pauses[1:],
            )
        self.at(self.time + downtime, host.start)

    def last_will(self, host: Host, node: Any) -> tuple[Callable[[], None], ...]:
        """What the helper does for a process that is gone, step by step."""
        gates = list(host.gates)
        return (
            lambda: self._shut_all(host, gates),
            lambda: host.present.difference_update(gates) if host.node is None else None,
            lambda: self._send_will(host, node),
        )

    def _shut_all(self, host: Host, vips: list[str]) -> None:
        for vip in vips:
            host.gates[vip] = 0.0
            self.shut(host, vip)

    def _send_will(self, host: Host, node: Any) -> None:
        for paths in host.group.addresses().values():
            for address in paths:
                self.send(host, Send(address, node.will()))

    def _help(
        self, host: Host, boot: int, steps: list[Callable[[], None]], pauses: tuple[float, ...]
    ) -> None:
        if host.boot != boot:
            return
        steps.pop(0)()
        if steps:
            self.at(self.time + pauses[0], self._help, host, boot, steps, pauses[1:])

    # Faults

    def do_noise(self, source: str, drop: float, copy: float, delay: float, span: float) -> None:
        self._say(f"noise {source} {drop} {copy} {delay}")
        self._for(self._noises, Noise(source, "", drop, copy, delay), span)

    def do_cut(self, ways: tuple[tuple[str, str], ...], path: int, span: float) -> None:
        self._say(f"cut {ways} {path} {span:.3f}")
        for a, b in ways:
            self._for(self._cuts, (a, b, path), span)

    def do_late(self, name: str, delay: float, span: float) -> None:
        self._say(f"late {name} {delay:.3f} {span:.3f}")
        self._for(self._noises, Noise("", name, 0, 0, delay), span)
        self.at(self.time + span / 2, self.do_cut, ((name, ""),), -1, span / 2)

    def do_freeze(self, name: str, span: float) -> None:
        self._say(f"freeze {name} {span:.3f}")
        self._named(name).freeze(span)

    def do_suspend(self, name: str, span: float) -> None:
        self.do_freeze(name, span)
        self._named(name).deaf = self._named(name).node is not None

    def do_slew(self, name: str, rate: float, span: float) -> None:
        self._say(f"slew {name} {rate} {span:.3f}")

    def do_trap(
        self, name: str, steps: int, before: str, action: str, args: Any, span: float
    ) -> None:
        self._named(name).trap = (steps, before, action, args)
        self.at(self.time + span / 4, self._disarm, self._named(name))

    def _disarm(self, host: Host) -> None:
        host.trap = None

    def do_kill(self, name: str, pauses: tuple[float, ...], span: float) -> None:
        self._say(f"kill {name}")
        self._end_process(self._named(name), pauses, span)

    def do_stop(self, name: str, pauses: tuple[float, ...], span: float) -> None:
        """SIGTERM: everything is given up, then the process ends."""
        self._say(f"stop {name}")
        host = self._named(name)
        host.take(lambda node, now: node.close(now))
        if not host.stopped():
            self._end_process(host, pauses, span)

    def do_cut_power(self, name: str, span: float) -> None:
        self._say(f"power {name}")
        host = self._named(name)
        host.cut_power()
        self.at(self.time + span, self._power_on, host)

    def do_lost(self, name: str, span: float) -> None:
        self.do_cut_power(name, 1e9)

    def _power_on(self, host: Host) -> None:
        host.powered = True
        host.start()

    def do_loop(self, name: str, times: int, span: float) -> None:
        for i in range(times):
            self.at(self.time + i * span / times, self.do_cut_power, name, span / times / 3)

    def do_unfit(self, name: str, way: str, span: float) -> None:
        self._say(f"{name} {way}")
        host = self._named(name)
        self._silent_agents[name] = way
        if way != "agent frozen":
            self._word(host, way)
        self.at(self.time + span, self._recover, host)

    def _recover(self, host: Host) -> None:
        self._silent_agents.pop(host.name, None)
        self._word(host, "")

    def do_move(self, vip: str, to: str, step: int, pause: float, span: float) -> None:
        """The offer is out; the pause hits what comes then: the release, mostly."""
        self._say(f"move {vip} to {to}")
        for host in self.hosts:
            if host.key in self.owners(vip) and host.name != to:
                host.take(lambda node, now: node.move(now, vip, to))
                if pause:
                    host.trap = (step, "", "freeze", (pause,))
                    self.at(self.time + (span - pause) / 2, self._disarm, host)

    def do_flash(self, names: tuple[str, ...], span: float) -> None:
        for name in names:
            self.do_cut_power(name, span)

    def do_rolling(self, names: tuple[str, ...], span: float) -> None:
        for i, name in enumerate(names):
            self.at(self.time + i * span / len(names), self.do_cut_power, name, 0.005)

    def do_squeeze(self, name: str, frozen: float, early: float, span: float) -> None:
        for host in self.hosts:
            if host.key != name:
                self.do_freeze(host.key, frozen)
        self.at(self.time + frozen - early, self.do_isolate, name, span - frozen)

    def do_isolate(self, name: str, span: float) -> None:
        self.do_cut(((name, ""), ("", name)), -1, span)

    def do_clone(self, name: str, span: float) -> None:
        self._say(f"clone {name}")
        its_clock = clock(self.plan, name, self._random)
        clone = self._add(f"{name}'", name, addresses(f"{name}'", self.plan.paths), its_clock)
        clone.group = self._named(name).group
        clone.start()
        self._agent(clone)
        self.at(self.time + span, self._bury, clone)

    def _bury(self, clone: Host) -> None:
        clone.cut_power()
        self.hosts.remove(clone)

    # Configuration

    def do_relength(
        self, factors: tuple[float, ...], victim: str, last: float, pain: float, span: float
    ) -> None:
        """Leases of other lengths here and there. One host gets its last while acks to it are on
        their way, and is cut off just after if that is short, just before if it is long."""
        cut, slow = self.time + span - pain, self.plan.group.longest / 2
        for host, factor in zip(self.hosts, factors, strict=False):
            self.at(self.time + self._random.random() * (span - pain), self._relength, host, factor)
        unlucky = self._named(victim)
        noise = Noise("", victim, 0, 0, slow / 2)
        self.at(cut, self._for, self._noises, noise, pain)
        self.at(cut, self._relength, unlucky, 1.55 - last)
        self.at(cut + slow, self._relength, unlucky, last)
        then = 0.001 if last < 1 else -0.001
        self.at(cut + slow + then, self.do_isolate, victim, pain - slow)

    def _relength(self, host: Host, factor: float) -> None:
        lease = round(max(host.group.longest * factor, 2.3 * host.group.interval), 3)
        self._configure(host, {"lease": lease})

    def do_transition(self, leaving: int, gap: float, hurt: str, pain: float, span: float) -> None:
        """Old set, both, new set: each only when all have the one before."""
        old = self.plan.group.voters
        stay = dict(list(old.voters.items())[leaving:])
        spare = {name: addresses(name, self.plan.paths) for name in self.plan.spare}
        left = {n: a for n, a in old.voters.items() if n not in stay}
        new = Electorate({**stay, **spare}, old.longest)
        both = {"voters": new, "previous": old, "members": left}
        owners = [key for vip in self._opened for key in self.owners(vip)]
        victim = self._random.choice(owners or self.plan.hosts)
        self._roll(both, gap, {victim: pain} if hurt == "pause" else {})
        self.at(self.time + 0.01, self._then_drop, gap)
        if hurt not in ("", "pause"):
            at = self.time + self._random.random() * gap * len(self.hosts)
            self.at(at, getattr(self, f"do_{hurt}"), victim, pain)

    def _then_drop(self, gap: float) -> None:
        running = [host.node is None or host.node.group.previous is not None for host in self.hosts]
        if all(running) and all(host.group.previous is not None for host in self.hosts):
            self._roll({"previous": None}, gap, {})
            for name in self.plan.spare:
                at = self.time + gap * len(self.hosts) + self._random.random() * 0.1
                self.at(at, self._recover, self._named(name))
        else:
            self.at(self.time + 0.01, self._then_drop, gap)

    def _roll(self, change: dict[str, Any], gap: float, pauses: dict[str, float]) -> None:
        hosts = self.hosts[:]
        self._random.shuffle(hosts)
        for i, host in enumerate(hosts):
            pause = pauses.get(host.key, 0.0)
            self.at(self.time + i * gap, self._configure, host, change, pause)

    def _configure(self, host: Host, change: dict[str, Any], pause: float = 0.0) -> None:
        """The new file is there and the process takes it; it may pause before it does anything."""
        self._say(f"{host.key} gets {sorted(change)}")
        group = host.group = replace(host.group, **change)
        if pause:
            host.trap = (0, "", "freeze", (pause,))
        host.take(lambda node, now: node.reconfigure(now, group))
        host.trap = None
