"""The planner against a host whose disks die, whose verbs fail and whose agent crashes at will.

Whatever happens: no array is taken below the redundancy it needs, nothing is done twice, nothing
is written to a disk that is not a free declared spare, and the limits hold over restarts.
"""

from typing import ClassVar

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hwagent.model import AlertState, Health, Mode, Outcome, Result
from hwagent.respond import Done, Planner, Run
from tests.respond.making import NOW, alert, array, config, disk, member, view

LEVELS = {"md0": "raid1", "md1": "raid6", "md2": "raid5"}
BEARS = {"md0": 1, "md1": 2, "md2": 1}
DEVICES = {"md0": "ab", "md1": "cdef", "md2": "abg"}
SPARES = ("sdx", "sdy", "sdz")
UNDECLARED = "sdw"
LIMITS = {"disruptive_per_hour": 3, "tries": 2}
NAMES = ("array_replace_member", "array_add_spare", "array_re_add", "array_remove_faulty")
NUMBER = {"md0": "1", "md1": "1", "md2": "2"}


class Host(RuleBasedStateMachine):
    """Disks, arrays, an agent with a journal, and the actor between them."""

    modes: ClassVar = [Mode.ACT, Mode.ACT, Mode.ACT, Mode.DRY_RUN, Mode.OBSERVE]

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.members = {
            name: {f"sd{c}{NUMBER[name]}": "in_sync" for c in letters}
            for name, letters in DEVICES.items()
        }
        self.dying: set[str] = set()
        self.config = config(Mode.ACT, SPARES, **LIMITS)
        self.maintenance = False
        self.intents: dict[str, Run] = {}
        self.performed: set[str] = set()
        self.journal: list[Outcome] = []
        self.begun: list[float] = []
        self.firing: set[tuple[str, str]] = set()

    @initialize()
    def start(self):
        """A fresh agent."""
        self.planner = Planner(self.config)
        self.planner.reconcile(self.seen(), [])

    # The host as it is

    def seen(self):
        disks = {d.rstrip("12") for m in self.members.values() for d in m} | {*SPARES, UNDECLARED}
        disks |= {f"sd{c}" for c in "abcdefg"}
        held = {d.rstrip("12"): name for name, m in self.members.items() for d in m}
        found = [
            disk(
                name,
                Health.FAILED if name in self.dying else Health.OK,
                **({"arrays": [f"array:{held[name]}"]} if name in held else {}),
            )
            for name in sorted(disks)
        ]
        found += [self.array(name) for name in self.members]
        return view(*found, now=self.now, config=self.config, maintenance=self.maintenance)

    def array(self, name):
        listed = [member(d, s, None) for d, s in self.members[name].items()]
        doing = "recover" if self.filling(name) else "idle"
        size = len(DEVICES[name])
        return array(name, LEVELS[name], *listed, raid_disks=size, sync_action=doing)

    def filling(self, name):
        return "rebuilding" in self.members[name].values()

    def working(self, name):
        return [d for d, s in self.members[name].items() if s == "in_sync"]

    def lost(self, name):
        return len(self.working(name)) < len(DEVICES[name]) - BEARS[name]

    def settle(self):
        """md gives free slots to spares by itself."""
        for name, held in self.members.items():
            used = sum(s in ("in_sync", "rebuilding") for s in held.values())
            for device, state in held.items():
                if state == "spare" and used < len(DEVICES[name]) and not self.filling(name):
                    held[device] = "rebuilding"
                    used += 1

    # The agent's shell

    def take(self, steps):
        for step in steps:
            if isinstance(step, Done):
                self.journal.append(step.outcome)
                self.intents.pop(step.outcome.action.id, None)
            else:
                self.begin(step)

    def begin(self, run):
        assert self.config.mode is Mode.ACT
        assert not self.maintenance
        assert run.action.id not in self.performed, "an intent is used once"
        busy = [r.action.component for r in self.intents.values()]
        assert run.action.component not in busy, "one action on a component at a time"
        if run.action.name != "array_remove_faulty":
            self.begun = [t for t in self.begun if self.now - t < 3600] + [self.now]
            assert len(self.begun) <= LIMITS["disruptive_per_hour"]
            others = {n for n in self.members if self.filling(n)}
            others |= {r.action.component[6:] for r in self.intents.values() if self.starts(r)}
            assert not others, "one rebuild at a time"
        self.intents[run.action.id] = run

    @staticmethod
    def starts(run):
        return run.action.name != "array_remove_faulty"

    def perform(self, run):
        """What the helper does; it must be safe on the host as it was when it was planned."""
        self.performed.add(run.action.id)
        name = run.action.component.removeprefix("array:")
        held = self.members[name]
        for verb in run.verbs:
            device = verb.arguments.get("member") or verb.arguments["device"]
            if verb.name == "md_add":
                assert f"disk:wwn-{device}" in [s.disk for s in self.config.spares]
                assert all(device not in m for m in self.members.values()), "the spare is free"
                held[device] = "spare"
            elif verb.name == "md_re_add":
                assert held[device] == "faulty"
                held[device] = "spare"
            elif verb.arguments["to"] == "remove":
                assert held.pop(device) == "faulty"
            else:
                self.fail(name, device)
        self.settle()

    def fail(self, name, device):
        held = self.members[name]
        assert len(self.working(name)) == len(DEVICES[name]), "only a whole array loses a member"
        others = [d for d in self.working(name) if d != device]
        good = [d for d in others if d.rstrip("12") not in self.dying]
        assert len(good) >= len(DEVICES[name]) - BEARS[name], "data stays on good disks"
        assert BEARS[name] > 1 or "spare" in held.values(), "redundancy begins to come back"
        held[device] = "faulty"

    def changed(self, kind, id, state):
        actions = ("array_replace_member",) if kind == "disk" else NAMES[1:]
        key = (kind, id)
        (self.firing.add if state is AlertState.FIRING else self.firing.discard)(key)
        fact = alert(id, *actions, rule=f"{kind}Bad", state=state)
        self.take(self.planner.plan(self.seen(), [fact]))

    # What happens

    @rule(which=st.sampled_from("abcdefg"))
    def a_disk_begins_to_die(self, which):
        if any(self.intents):
            return  # what was planned was planned on good faith
        self.dying.add(f"sd{which}")
        self.changed("disk", f"disk:wwn-sd{which}", AlertState.FIRING)

    @rule(which=st.sampled_from("abcdefg"))
    def a_disk_is_well_again(self, which):
        if f"sd{which}" in self.dying:
            self.dying.discard(f"sd{which}")
            self.changed("disk", f"disk:wwn-sd{which}", AlertState.RESOLVED)

    @rule(name=st.sampled_from(sorted(LEVELS)), pick=st.integers(0, 9))
    def the_kernel_fails_a_member(self, name, pick):
        working = self.working(name)
        if any(self.intents) or len(working) <= len(DEVICES[name]) - BEARS[name]:
            return
        self.members[name][working[pick % len(working)]] = "faulty"
        self.settle()
        self.changed("array", f"array:{name}", AlertState.FIRING)

    @rule(name=st.sampled_from(sorted(LEVELS)))
    def a_rebuild_ends(self, name):
        held = self.members[name]
        for device, state in held.items():
            if state == "rebuilding":
                held[device] = "in_sync"
        whole = len(self.working(name)) == len(DEVICES[name]) and "faulty" not in held.values()
        if whole and ("array", f"array:{name}") in self.firing:
            self.changed("array", f"array:{name}", AlertState.RESOLVED)

    @rule(seconds=st.sampled_from([1, 20, 100, 700, 4000]))
    def time_passes(self, seconds):
        self.now += seconds
        self.take(self.planner.due(self.seen()))

    @precondition(lambda self: self.intents)
    @rule(well=st.booleans())
    def the_verbs_run(self, well):
        waiting = [r for r in self.intents.values() if r.action.id not in self.performed]
        for run in waiting[:1]:
            if well:
                self.perform(run)
            else:
                self.performed.add(run.action.id)
            outcome = Outcome(
                action=run.action,
                result=Result.DONE if well else Result.FAILED,
                detail="" if well else "no",
                started=self.now,
                ended=self.now,
            )
            self.take(self.planner.finished(self.now, outcome))

    @rule(before=st.booleans())
    def the_agent_crashes(self, before):
        """Before or after the verbs of what was under way; the journal is all that is left."""
        for run in list(self.intents.values()):
            if run.action.id not in self.performed and not before:
                self.perform(run)
        pending = [run.action for run in self.intents.values()]
        self.intents.clear()
        self.now += 1
        self.planner = Planner(self.config)
        self.planner.remember(self.journal)
        for kind, id in sorted(self.firing):
            self.changed(kind, id, AlertState.FIRING)
        assert not self.intents, "nothing is begun before the past is known"
        found = self.planner.reconcile(self.seen(), pending)
        assert [o.action for o in found] == pending
        self.journal += found
        self.take(self.planner.due(self.seen()))

    @rule(mode=st.sampled_from(modes))
    def the_mode_is_changed(self, mode):
        if not self.intents:
            self.config = msgspec.structs.replace(self.config, mode=mode)
            self.planner.configure(self.config)

    @rule(names=st.lists(st.sampled_from(SPARES), max_size=3, unique=True))
    def other_spares_are_declared(self, names):
        if not self.intents:
            spares = config(spares=tuple(names)).spares
            self.config = msgspec.structs.replace(self.config, spares=spares)
            self.planner.configure(self.config)

    @rule(on=st.booleans())
    def maintenance_is_switched(self, on):
        self.maintenance = on and not self.intents

    @invariant()
    def no_data_is_lost(self):
        assert not any(self.lost(name) for name in self.members)

    @invariant()
    def what_is_refused_says_why(self):
        assert all(o.detail for o in self.journal if o.result is not Result.DONE)


class TestPlanner(Host.TestCase):
    """Run by pytest."""

    settings = settings(
        max_examples=60,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
