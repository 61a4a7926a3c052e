"""Kills at random moments: an agent with all its processes repairs a simulated server and has a
holder hold an address in a namespace, while one process after the other is killed.

What the simulated kernel did is written down by a witness that the agent knows nothing of.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from hwagent.collect.registry import COLLECTORS
from hwagent.journal import Record, pending, read
from hwagent.testing.server import Description, Server
from tests.agents import RunningAgent
from tests.vip.lab import VIP, Lab
from tests.waiting import wait_for

ARRAYS, BONDS = 4, 2
#: For a machine that does much else: an effect that does not show is waited for 60 s, then retried.
LONG = 240.0
#: Time to live of the agent's word to the holder.
TTL = 2.0
_LOOKS = {"disk": "500ms", "smart": "1s", "md": "300ms", "bond": "300ms", "nic": "1s", "link": "1s"}
VICTIMS = ("agent", "agent", "agent", "helper", "worker", "worker", "holder", "guardian", "all")

#: What was done to what with what: ("md_add", "md0", "sdc").
Deed = tuple[str, str, str]


class Witness(Server):
    """A server that remembers what was done to it."""

    def __init__(self, path: Path, description: Description) -> None:
        self.deeds: list[Deed] = []
        super().__init__(path, description)

    def advance(self, seconds: float) -> None:
        """Lets time pass, and notes what was taken in."""
        with self._changing:
            before = self._state()
            super().advance(seconds)
            self.deeds += _deeds(before, self._state())

    def _state(self) -> dict[tuple[str, str], str]:
        members = {(a.name, m.device): m.state for a in self.now.arrays for m in a.members}
        return {**members, **{(b.name, "active"): b.active for b in self.now.bonds}}


def _deeds(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> Iterator[Deed]:
    for key in after.keys() | before.keys():
        name, device = key
        old, new = before.get(key, ""), after.get(key, "")
        if device == "active":
            if old != new:
                yield "bond_active", name, new
            continue
        if not old:
            yield "md_add", name, device
        if new in ("", "faulty") and old != "faulty":
            # The simulated kernel may find a member failed and removed at one look
            yield "faulty", name, device
        if not new:
            yield "remove", name, device


@contextmanager
def living(server: Server) -> Iterator[None]:
    """Its time passes, twenty times as fast as ours."""
    end = threading.Event()

    def live() -> None:
        while not end.wait(0.05):
            server.advance(1)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def witness(place: Path) -> Witness:
    """A server with mirrors, each with a spare of its own, and bonds."""
    letters = [chr(ord("a") + n) for n in range(3 * ARRAYS)]
    made = Witness.build(
        place,
        disks=[{"name": f"sd{c}"} for c in letters],
        arrays=[_mirror(n, *letters[3 * n : 3 * n + 2]) for n in range(ARRAYS)],
        nics=[{"name": f"eno{n}"} for n in range(2 * BONDS)],
        bonds=[
            {
                "name": f"bond{n}",
                "legs": [f"eno{2 * n}", f"eno{2 * n + 1}"],
                "active": f"eno{2 * n}",
            }
            for n in range(BONDS)
        ],
    )
    assert isinstance(made, Witness)
    return made


def _mirror(number: int, *disks: str) -> dict[str, Any]:
    members = [{"device": f"sd{c}1", "slot": slot} for slot, c in enumerate(disks)]
    return {"name": f"md{number}", "size": 2_000_000_000, "members": members}


class Trouble(NamedTuple):
    """Something that breaks, and must be repaired: an array's first disk, or a bond's first leg."""

    kind: str
    number: int

    def begin(self, server: Witness) -> None:
        """Breaks it."""
        disk = server.now.disks[3 * self.number].name if self.kind != "leg" else ""
        if self.kind == "pull":
            server.pull(disk)
        elif self.kind == "smart":
            server.set(f"disk:{disk}", smart_passed=False)
        else:
            server.set(f"nic:eno{2 * self.number}", speed=1000)

    def over(self, server: Witness) -> bool:
        """True once it is repaired."""
        if self.kind == "leg":
            return server.now.bonds[self.number].active == f"eno{2 * self.number + 1}"
        array = server.now.arrays[self.number]
        first = f"{server.now.disks[3 * self.number].name}1"
        gone = all(m.device != first for m in array.members)
        return gone and array.degraded == 0 and array.sync_action == "idle"


class Crash:
    """One server, one agent, and troubles during each of which something is killed."""

    def __init__(self, place: Path, lab: Lab, chance: random.Random) -> None:
        self.lab, self._chance = lab, chance
        self.server = witness(place / "host")
        spares = [
            {"disk": self.server.now.disks[3 * n + 2].id, "arrays": [f"md{n}"]}
            for n in range(ARRAYS)
        ]
        others = {name: {"enabled": False} for name in COLLECTORS if name not in _LOOKS}
        self.agent = RunningAgent(
            place / "agent",
            self.server,
            mode="act",
            spares=spares,
            vips=[{"address": VIP, "interfaces": ["eth0"]}],
            fitness={"rules": ["ArrayDegraded"], "ttl": f"{TTL}s"},
            limits={"disruptive_per_hour": 1000, "rebuilds": 10, "cooldown": "1s", "tries": 100},
            notify={"journald": False},
            collectors={**others, **{name: {"interval": i} for name, i in _LOOKS.items()}},
        )
        self.journal = str(place / "agent" / "lib" / "journal.db")
        (place / "agent" / "run").mkdir()
        lab.path = place / "agent" / "run" / "holder.sock"
        self._holder, self._guardian = lab.holder(), lab.guardian()

    def run(self, count: int) -> Counter[str]:
        """``count`` troubles, one after the other; returns how often what was killed."""
        troubles = [Trouble(self._chance.choice(("pull", "smart")), n) for n in range(ARRAYS)]
        troubles += [Trouble("leg", n) for n in range(BONDS)]
        self._chance.shuffle(troubles)
        killed: Counter[str] = Counter()
        with living(self.server), self.agent:
            wait_for(self._holds, LONG, "the address held")
            for trouble in troubles[:count]:
                victim = self._chance.choice(VICTIMS)
                killed[victim] += 1
                self._kill_during(trouble, victim)
        wait_for(lambda: not self._holds(), LONG, "the address gone with the agent's word")
        return killed

    def _kill_during(self, trouble: Trouble, victim: str) -> None:
        begun = self._begun()
        trouble.begin(self.server)
        if self._chance.random() < 0.7:
            wait_for(lambda: self._begun() > begun, LONG, f"an action about {trouble}")
            self._pass(0.05)
        else:
            self._pass(2.0)
        getattr(self, f"_kill_{victim}")()
        wait_for(lambda: trouble.over(self.server), LONG, lambda: self._told(trouble, victim))
        wait_for(lambda: not pending(self.journal), LONG, lambda: self._told(trouble, victim))
        wait_for(self._holds, LONG, lambda: f"no address: {self._told(trouble, victim)}")

    def _pass(self, longest: float) -> None:
        """A moment that nothing is waited for in, since it is to be any."""
        threading.Event().wait(self._chance.uniform(0, longest))

    def _begun(self) -> int:
        return self.agent.log.read_text().count(": begins, because of ")

    def _holds(self) -> bool:
        return self.lab.where() == ["eth0"]

    def _told(self, trouble: Trouble, victim: str) -> str:
        log = self.agent.log.read_text()[-4000:]
        return f"{trouble}, {victim} killed; deeds {self.server.deeds}; log:\n{log}"

    # Who is killed, and started again as systemd would

    def _kill_agent(self) -> None:
        self.agent.kill()
        if self._chance.random() < 0.3:
            wait_for(lambda: not self._holds(), LONG, "the address gone with a dead agent's word")
        self.agent.start()

    def _kill_helper(self) -> None:
        self._nursery().kill()

    def _kill_worker(self) -> None:
        for worker in self._nursery().children():
            worker.kill()

    def _kill_holder(self) -> None:
        self._holder.kill()
        self._holder.wait()
        wait_for(lambda: not self._holds(), LONG, "the address gone with its holder")
        self._holder = self.lab.holder()

    def _kill_guardian(self) -> None:
        self._guardian.kill()
        self._guardian.wait()
        self._guardian = self.lab.guardian()

    def _kill_all(self) -> None:
        for process in (self._guardian, self._holder):
            process.kill()
            process.wait()
        self.agent.kill()
        self._guardian = self.lab.guardian()
        wait_for(lambda: not self._holds(), LONG, "the address gone that nobody holds")
        self._holder = self.lab.holder()
        self.agent.start()

    def _nursery(self) -> psutil.Process:
        assert self.agent.process is not None

        def found() -> list[psutil.Process]:
            children = psutil.Process(self.agent.process.pid).children()
            return [c for c in children if _is_helper(c)]

        return wait_for(found, LONG, "the root helper")[0]

    # What must hold afterwards

    def check(self) -> Counter[str]:
        """Journal and kernel agree, and nothing was done twice; returns actions by name, and how
        many of them were cut off."""
        records = read(self.journal, types=("intent", "outcome"), limit=100_000)
        intents = {r.data["id"]: r for r in records if r.type == "intent"}
        outcomes = Counter(
            r.data["action"]["id"]
            for r in records
            if r.type == "outcome" and r.data["action"]["id"] in intents
        )
        assert outcomes == Counter(list(intents)), "each intent has its outcome, once"
        results = {r.data["action"]["id"]: r.data["result"] for r in records if r.type == "outcome"}
        done = Counter(self.server.deeds)
        assert not [deed for deed, times in done.items() if times > 1], done
        said = {d for id, r in intents.items() if results[id] == "done" for d in _said(r)}
        meant = {d for r in intents.values() for d in _said(r)}
        assert not done.keys() - meant, f"done, though not meant: {done.keys() - meant}"
        assert not said - done.keys(), f"said to be done: {said - done.keys()}, but it was {done}"
        lamps = Counter(r.component for r in intents.values() if r.name == "disk_locate")
        assert all(times == 1 for times in lamps.values()), lamps
        found = Counter(r.name for r in intents.values())
        found["cut off"] = sum(
            "restart" in r.data["detail"] or "its worker ended" in r.data["detail"]
            for r in records
            if r.type == "outcome" and r.data["action"]["id"] in intents
        )
        return found


def _is_helper(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()
    except psutil.NoSuchProcess:
        return False
    return "hwagent.helper.nursery" in words and words[words.index("--role") + 1] != "poller"


def _said(intent: Record) -> Iterator[Deed]:
    """What an intent's verbs would have the kernel do."""
    for verb in intent.data["verbs"]:
        name, given = verb["name"], verb["arguments"]
        if name == "md_add":
            yield name, given["array"], given["device"]
        elif name == "md_set_member":
            yield given["to"], given["array"], given["member"]
        elif name == "bond_active":
            yield name, given["bond"], given["leg"]
