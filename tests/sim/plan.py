"""A schedule: a group and what happens to it. Everything follows from the seed."""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from hwagent.lease import Electorate, Group

from .clock import Clock, Stretch

#: Faults begin after this time, when there is an owner to hurt.
QUIET = 0.5


class Fault(NamedTuple):
    """Something that happens at a true time; ``kind`` names a method of the world."""

    at: float
    kind: str
    args: tuple[Any, ...]


class Plan(NamedTuple):
    """One schedule. ``hosts`` may hold VIPs, ``witnesses`` only vote; ``dead`` are down at the end.

    ``lists`` says which host may hold which VIP, best first. ``wrong`` has another voter set.
    """

    seed: int
    group: Group
    hosts: tuple[str, ...]
    witnesses: tuple[str, ...]
    paths: int
    lists: dict[str, tuple[str, ...]]
    delay: float
    faults: tuple[Fault, ...]
    wrong: str
    spare: tuple[str, ...]

    @property
    def calm(self) -> float:
        """The time from which on nothing bad happens any more."""
        return max([QUIET, *(end(fault) for fault in self.faults)])

    @property
    def promise(self) -> float:
        """Seconds within which every VIP must be answered once it is calm.

        Voters that started last are silent for M, or until they are not taken for clones any more;
        a candidate that died just before leaves a lease behind; then the ranks ask in turn, and
        retry after collisions.
        """
        group = self.group
        silence = group.longest + group.lease + 2 * group.interval
        ranks = len(self.hosts) * group.rank_delay
        return (silence + group.longest + 4 * group.interval + ranks) * (1 + 3 * group.rate) + 0.1


def end(fault: Fault) -> float:
    """When a fault is over; its last argument says how long it takes."""
    return fault.at + float(fault.args[-1])


def addresses(name: str, paths: int) -> tuple[str, ...]:
    """The addresses of a host, one in each network."""
    return tuple(f"{name}.{path}" for path in range(paths))


def make(seed: int) -> Plan:
    """The schedule of a seed."""
    random = Random(seed)
    count = random.choice((2, 3, 3, 3, 3, 3, 4, 5, 5, 6, 7))
    hosts = tuple(f"h{i}" for i in range(count))
    paths = random.choice((1, 1, 2)) if count <= 4 else 1
    odd = 1 - count % 2
    witnesses = ("w0",) if odd and random.random() < 0.8 else ()
    spare = tuple(f"n{i}" for i in range(random.choice((1, 2, 2)))) if random.random() < 0.2 else ()
    voters = {name: addresses(name, paths) for name in (*hosts, *witnesses)}
    interval = random.choice((0.05, 0.1, 0.1))
    lease = round(interval * random.choice((3, 3, 4)), 3)
    rate = random.choice((0.0005, 0.005, 0.02, 0.02))
    slew = random.choice((0.0005, 0.02, 0.1))
    group = Group(
        name="g",
        voters=Electorate(voters, round(lease * random.choice((1, 1, 1.5)), 3)),
        interval=interval,
        lease=lease,
        rate=rate,
        slew=slew,
        rank_delay=random.choice((0.01, 0.03)),
        preempt=random.random() < 0.2,
    )
    vips = [f"10.0.0.{i}" for i in range(random.choice((1, 1, 1, 1, 2, 2, 3, 5, 5, 20)))]
    lists = {vip: _able(hosts, spare, random) for vip in vips}
    wrong = random.choice(hosts) if not spare and random.random() < 0.08 else ""
    plan = Plan(
        seed,
        group,
        hosts,
        witnesses,
        paths,
        lists,
        random.choice((5e-5, 5e-4, 0.003)),
        (),
        wrong,
        spare,
    )
    return plan._replace(faults=tuple(sorted(_faults(plan, random))))


def _able(hosts: tuple[str, ...], spare: tuple[str, ...], random: Random) -> tuple[str, ...]:
    """Who may hold a VIP: all hosts or all but one, and the spare ones, in any order."""
    some = random.sample(hosts, random.randint(max(1, len(hosts) - 1), len(hosts)))
    return tuple(random.sample([*some, *spare], len(some) + len(spare)))


# Faults


def _faults(plan: Plan, random: Random) -> list[Fault]:
    """A few kinds, many times: swarms find more than everything at once."""
    kinds = random.sample(list(KINDS), random.randint(1, 4))
    window = random.uniform(6, 14) * plan.group.interval
    found = []
    for _ in range(random.randint(1, 8)):
        kind = random.choice(kinds)
        at = QUIET + random.random() * window
        found.append(Fault(at, kind, KINDS[kind](plan, random)))
    if plan.spare:
        found.append(Fault(QUIET + random.random() * 0.3, "transition", _transition(plan, random)))
    elif random.random() < 0.2 and not plan.wrong:
        lost = random.choice(plan.hosts)
        found.append(Fault(QUIET + random.random() * window, "lost", (lost, 0.0)))
    return found


def _span(plan: Plan, random: Random) -> float:
    """Mostly about a lease, where it hurts most; sometimes far longer."""
    return (
        plan.group.lease * random.choice((0.1, 0.5, 1.0, 1.2, 1.5, 3.0)) * random.uniform(0.8, 1.2)
    )


def _any(plan: Plan, random: Random) -> str:
    return random.choice((*plan.hosts, *plan.witnesses))


def _noise(plan: Plan, random: Random) -> tuple[Any, ...]:
    drop, copy = random.choice((0, 0.1, 0.3)), random.choice((0, 0.1, 0.5))
    delay = random.choice((0, 0.01, 0.06, 0.15))
    source = random.choice(("", "", _any(plan, random)))
    return source, drop, copy, delay, _span(plan, random)


def _cut(plan: Plan, random: Random) -> tuple[Any, ...]:
    """One way between two hosts, or all that one sends, or all that it hears, or both."""
    a, b = _any(plan, random), random.choice(("", _any(plan, random)))
    ways = random.choice((((a, b),), ((b, a),), ((a, b), (b, a)), ((a, ""), ("", a))))
    path = random.choice((-1, -1, random.randrange(plan.paths)))
    return ways, path, _span(plan, random)


def _freeze(plan: Plan, random: Random) -> tuple[Any, ...]:
    return _any(plan, random), _span(plan, random)


def _pauses(plan: Plan, random: Random) -> tuple[float, ...]:
    """What the helper takes to see the end, to shut the gate, to take addresses, to send the
    will."""
    slow = random.randrange(5)
    return tuple(_span(plan, random) if i == slow else random.random() * 0.002 for i in range(4))


def _trap(plan: Plan, random: Random) -> tuple[Any, ...]:
    """A pause, a kill or a loss of power between two effects of a host; any, or of one kind."""
    action = random.choice(("freeze", "freeze", "freeze", "kill", "cut_power"))
    span = _span(plan, random)
    args = (_pauses(plan, random), span) if action == "kill" else (span,)
    before = random.choice(("", "", "SetGate", "SetGate", "AddAddress", "DelAddress"))
    steps = random.randrange(4 if before else 30)
    return _any(plan, random), steps, before, action, args, 4 * span + plan.group.lease


def _flash(plan: Plan, random: Random) -> tuple[Any, ...]:
    """Many restart at the same time, faster than a lease lasts."""
    names = [*plan.hosts, *plan.witnesses]
    some = random.sample(names, random.randint(len(names) // 2, len(names)))
    return tuple(some), plan.group.lease * random.uniform(0.02, 0.6)


def _rolling(plan: Plan, random: Random) -> tuple[Any, ...]:
    """One after the other restarts, each when the one before votes again."""
    names = random.sample([*plan.hosts, *plan.witnesses], random.randint(1, len(plan.hosts) - 1))
    return tuple(names), plan.group.longest * random.uniform(1.1, 1.6) * len(names)


def _squeeze(plan: Plan, random: Random) -> tuple[Any, ...]:
    """All but one stand still for most of a lease; as they go on, that one is cut off."""
    frozen = plan.group.lease * random.uniform(0.4, 0.95)
    early = random.uniform(-0.01, 0.03)
    return random.choice(plan.hosts), frozen, early, frozen + 2 * plan.group.lease


def _isolate(plan: Plan, random: Random) -> tuple[Any, ...]:
    """A host hears and says nothing for longer than a lease."""
    return random.choice(plan.hosts), plan.group.lease * random.uniform(1.0, 2.0)


def _kill(plan: Plan, random: Random) -> tuple[Any, ...]:
    return _any(plan, random), _pauses(plan, random), _span(plan, random)


def _power(plan: Plan, random: Random) -> tuple[Any, ...]:
    return _any(plan, random), _span(plan, random)


def _loop(plan: Plan, random: Random) -> tuple[Any, ...]:
    """A host that restarts again and again."""
    return _any(plan, random), random.randint(2, 4), 4 * _span(plan, random)


def _unfit(plan: Plan, random: Random) -> tuple[Any, ...]:
    way = random.choice(("unwilling", "unable", "agent frozen"))
    return random.choice(plan.hosts), way, _span(plan, random) + plan.group.lease


def _move(plan: Plan, random: Random) -> tuple[Any, ...]:
    """A planned move, sometimes with a pause of the owner before one of the steps."""
    pause = random.choice((0.0, _span(plan, random)))
    vip, to = random.choice(list(plan.lists)), random.choice(plan.hosts)
    return vip, to, random.randrange(8), pause, plan.group.lease + pause


def _stop(plan: Plan, random: Random) -> tuple[Any, ...]:
    return _any(plan, random), _pauses(plan, random), _span(plan, random)


def _relength(plan: Plan, random: Random) -> tuple[Any, ...]:
    """Another lease, from host to host at other times, or not everywhere."""
    factors = tuple(random.uniform(0.55, 1.0) for _ in range(len(plan.hosts)))
    pain = plan.group.longest * random.uniform(1.5, 2.5)
    last = random.choice((0.55, 1.0))
    return factors, random.choice(plan.hosts), last, pain, random.uniform(0.0, 0.5) + pain


def _transition(plan: Plan, random: Random) -> tuple[Any, ...]:
    """Another voter set: some leave, spare hosts come; to some the change itself is a fault."""
    voters = len(plan.hosts) + len(plan.witnesses)
    leaving = voters - random.choice((1, 1, 1, 2))
    hurt = random.choice(("", "pause", "pause", "pause", "freeze", "cut_power", "isolate"))
    gap = random.choice((0.005, 0.005, 0.02, 0.1))
    return leaving, gap, hurt, _span(plan, random), 1.5 + 3 * plan.group.longest


def _suspend(plan: Plan, random: Random) -> tuple[Any, ...]:
    return _any(plan, random), _span(plan, random)


def _clone(plan: Plan, random: Random) -> tuple[Any, ...]:
    return random.choice(plan.hosts), _span(plan, random) + plan.group.longest + plan.group.lease


def _slew(plan: Plan, random: Random) -> tuple[Any, ...]:
    """CLOCK_BOOTTIME runs away from RAW, as far as this host may."""
    way = random.choice((-1, -1, 1))
    return _any(plan, random), way * plan.group.slew, _span(plan, random)


def _late(plan: Plan, random: Random) -> tuple[Any, ...]:
    """What a host hears comes late; then it is cut off: leases end, and old acks are on the way."""
    return (
        random.choice(plan.hosts),
        random.uniform(0.2, 1.0) * plan.group.lease,
        _span(plan, random),
    )


KINDS: dict[str, Callable[[Plan, Random], tuple[Any, ...]]] = {
    "noise": _noise,
    "cut": _cut,
    "freeze": _freeze,
    "trap": _trap,
    "kill": _kill,
    "cut_power": _power,
    "loop": _loop,
    "unfit": _unfit,
    "flash": _flash,
    "rolling": _rolling,
    "squeeze": _squeeze,
    "isolate": _isolate,
    "move": _move,
    "stop": _stop,
    "relength": _relength,
    "suspend": _suspend,
    "clone": _clone,
    "slew": _slew,
    "late": _late,
}


def clock(plan: Plan, name: str, random: Random) -> Clock:
    """The clocks of a host: a steady error, slewed and suspended by the faults that say so."""
    rate = plan.group.rate
    raw = 1 + random.choice((-1, 1, random.uniform(-1, 1))) * rate
    usual = random.choice((-1, -1, 0, random.uniform(-1, 1))) * plan.group.slew
    spans = [f for f in plan.faults if f.kind in ("slew", "suspend") and f.args[0] == name]
    marks = sorted({0.0, *(f.at for f in spans), *(end(f) for f in spans)})
    stretches = []
    for at in marks:
        active = [f for f in spans if f.at <= at < end(f)]
        asleep = any(f.kind == "suspend" for f in active)
        slew = next((f.args[1] for f in active if f.kind == "slew"), usual)
        stretches.append(Stretch(at, 0.0 if asleep else raw, raw * (1 + slew)))
    wall = 1.7e9 + random.uniform(-0.3, 0.3) * plan.group.lease
    return Clock(stretches, random.uniform(0, 1e5), wall)
