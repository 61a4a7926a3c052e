"""Whatever is damaged, nothing crashes, nothing hangs, and nothing damaged is called ok.

A few hundred damages by default, always the same; ``make fuzz RUNS=10000`` does as many, others.

What is checked is exact. A component that is called ok has the same value as before the damage for
every metric by which a rule judges it; and one that was ill is not well because its files are
damaged. Two damages are told from health by nobody, and left out: a number that became another
that could be true, and a file that went, which is how the kernel says that a hardware lacks
something. What must be there all the same is in REQUIRED.
"""

import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwagent.collect.registry import DECODERS
from hwagent.config import Config
from hwagent.daemon.loading import rule_set
from hwagent.daemon.oneshot import decode
from tests.robustness.damage import ABSENT, Damage, Patient, ok
from tests.robustness.samples import captured

RUNS = int(os.environ.get("HWAGENT_DAMAGES", "0"))
#: By default the same examples each time; with a number of runs, others each time.
FUZZ = settings(
    max_examples=-(-RUNS // 6) or 100,
    derandomize=not RUNS,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_RULES = rule_set(Config())
#: By which metrics rules judge a kind.
_JUDGED: dict[str, frozenset[str]] = {}
for _rule in _RULES.rules:
    _names = frozenset().union(*(e.reads for e in _rule.expressions))
    _JUDGED[_rule.kind] = _JUDGED.get(_rule.kind, frozenset()) | _names

#: Metrics without which a component is never ok, whatever its hardware.
REQUIRED = {
    "array": {"state", "level", "degraded", "raid_disks"},
    "bond": {"mode", "legs_up", "legs_total"},
    "dimm": {"ce", "ue"},
    "fan": {"rpm"},
    "nic": {"carrier"},
    "psu": {"online"},
    "temperature": {"celsius"},
    "thermal": {"celsius"},
    "voltage": {"volts"},
}
_LIMIT = re.compile(r"_(?:max|min|crit|lcrit|temp)$")
#: What a bond tells of its legs, which are components, and unknown, themselves.
OF_OTHERS = frozenset(
    {
        *("active_leg_errors", "standby_errors"),
        *("active_leg_sent", "active_leg_received", "standby_received"),
    }
)
HEALTHY = {
    "disks": [{"name": "sda"}, {"name": "sdb"}, {"name": "sdc"}, {"name": "nvme0n1"}],
    "arrays": [
        {
            "name": "md0",
            "members": [{"device": "sda1", "slot": 0}, {"device": "sdb1", "slot": 1}],
        }
    ],
    "nics": [{"name": "eno1"}, {"name": "eno2"}, {"name": "eno3"}],
    "bonds": [{"name": "bond0", "legs": ["eno1", "eno2"], "active": "eno1"}],
    "psus": [{"name": "PSU1"}, {"name": "PSU2"}],
    "chips": [
        {
            "name": "nct6779",
            "device": "nct6775.656",
            "sensors": {
                "fan1": {"value": 5200, "min": 600, "label": "front"},
                "temp1": {"value": 38, "max": 70, "crit": 85},
                "in0": {"value": 1.2, "min": 1.0, "max": 1.4},
            },
        }
    ],
    "dimms": [{"label": "A1"}, {"label": "A2"}],
    "zones": [{"trips": {"critical": 100.0}}],
}
ILL = {
    **HEALTHY,
    "disks": [
        {"name": "sda", "smart_passed": False},
        {"name": "sdb", "pending_sectors": 200},
        {"name": "sdc", "state": "offline"},
        {"name": "nvme0n1", "critical_warning": 4},
    ],
    "arrays": [{"name": "md0", "raid_disks": 2, "members": [{"device": "sdb1", "slot": 1}]}],
    "nics": [
        {"name": "eno1", "carrier": False},
        {"name": "eno2"},
        {"name": "eno3", "carrier": False},
    ],
    "psus": [{"name": "PSU1", "online": False}, {"name": "PSU2"}],
    "dimms": [{"label": "A1", "ue": 2}, {"label": "A2"}],
    "chips": [
        {
            "name": "nct6779",
            "device": "nct6775.656",
            "sensors": {
                "fan1": {"value": 0, "min": 600, "label": "front", "alarm": True},
                "temp1": {"value": 91, "max": 70, "crit": 85},
                "in0": {"value": 0.2, "min": 1.0, "max": 1.4, "alarm": True},
            },
        }
    ],
    "zones": [{"temperature": 104.0, "trips": {"critical": 100.0}}],
}

#: Never a value of any file: bytes, words and numbers that no kernel prints.
_JUNK = st.one_of(
    st.binary(max_size=200).map(lambda b: b"\xff\xfe" + b),
    st.sampled_from(
        [
            b"",
            b"\n",
            b"nan",
            b"inf",
            b"-",
            b"0x",
            b"1e+309",
            b"1_000",
            b"--5",
            b"1 2 3",
            b"{}",
            b"[" * 9,
        ]
    ),
    st.integers(50, 5000).map(lambda n: b"9" * n),
    st.just("\u0663\u0664\n".encode()),
    st.just(b"x" * (5 << 20)),
)
_NUMBERS = [b"-1", b"-99999999", b"9" * 18, b"18446744073709551615", b"4294967295"]
_ABSURD = st.sampled_from(_NUMBERS)
_PLACES = ("fifo", "directory", "loop", "forbidden")
BROKEN = st.one_of(
    _JUNK.map(lambda content: Damage("content", content)), st.sampled_from(_PLACES).map(Damage)
)
ANY = st.one_of(
    BROKEN,
    _ABSURD.map(lambda content: Damage("content", content)),
    st.sampled_from(["cut", *sorted(ABSENT)]).map(Damage),
)


@pytest.fixture(scope="module")
def healthy():
    patient = Patient(**HEALTHY)
    assert all(ok(c) for c in patient.well.values()), patient.well
    yield patient
    patient.close()


@pytest.fixture(scope="module")
def ill():
    patient = Patient(**ILL)
    yield patient
    patient.close()


def damages(patient, kinds, files_only=False):
    places = patient.files if files_only else patient.places
    return st.dictionaries(st.sampled_from(places), kinds, min_size=1, max_size=3)


def _renamed(component):
    """A host and a file system have no identity but the damaged name, and leave an old one."""
    return component.kind in ("host", "filesystem") and component.metrics["present"] == 0


@FUZZ
@given(data=st.data())
def test_what_is_called_ok_is_as_it_was(healthy, data):
    harm = data.draw(damages(healthy, BROKEN, files_only=True))
    after = healthy.after(harm)
    for id, before in healthy.well.items():
        if ok(after.get(id)) and not _renamed(after[id]):
            judged = _JUDGED.get(before.kind, frozenset()) - OF_OTHERS
            told = {m: after[id].metrics.get(m) for m in before.metrics if m in judged}
            assert told == {m: before.metrics[m] for m in told}, (id, harm)


@FUZZ
@given(data=st.data())
def test_what_lacks_what_it_must_have_is_not_called_ok(healthy, data):
    harm = data.draw(damages(healthy, ANY, files_only=True))
    for id, component in healthy.after(harm).items():
        if ok(component) and component.metrics.get("present") == 1:
            assert not REQUIRED.get(component.kind, set()) - component.metrics.keys(), (id, harm)


@FUZZ
@given(data=st.data())
def test_no_damage_makes_what_is_ill_well(ill, data):
    numbers = _ABSURD.map(lambda content: Damage("content", content))
    harm = data.draw(damages(ill, st.one_of(BROKEN, numbers)))
    # A limit may be any number: by that of its limits alone nobody knows a sensor
    harm = {p: d for p, d in harm.items() if not (_LIMIT.search(p) and d.content in _NUMBERS)}
    after = ill.after(harm)
    for id, before in ill.well.items():
        if not ok(before):
            assert not ok(after.get(id)), (id, harm)


SAMPLES = [(kind, name) for kind in DECODERS for name in captured(kind)]
#: A module tells what it can, line by line: nothing tells that lines are missing at the end.
ENDED = [(kind, name) for kind, name in SAMPLES if kind != "ethtool-module"]


@FUZZ
@given(data=st.data())
def test_a_capture_that_was_cut_is_never_called_ok_for_what_it_does_not_say(data):
    kind, name = data.draw(st.sampled_from(ENDED))
    whole = captured(kind)[name]
    before = {c.id: c for c in decode(kind, whole, _RULES).components}
    found = decode(kind, whole[: data.draw(st.integers(0, len(whole) - 1))], _RULES).components
    assert found or not before, "something is told of every file"
    for component in filter(ok, found):
        assert component.id in before, f"{component.id} is in no capture"
        assert ok(before[component.id]), f"{component.id} is {before[component.id].reason}"


@FUZZ
@given(data=st.data())
def test_no_noise_in_a_capture_crashes_its_decoder(data):
    kind, name = data.draw(st.sampled_from(SAMPLES))
    decode(kind, _harmed(data, captured(kind)[name]), _RULES)


@FUZZ
@given(kind=st.sampled_from(sorted(DECODERS)), data=st.binary(max_size=2000))
def test_noise_is_never_called_ok(kind, data):
    found = decode(kind, b"\xff\xfe" + data, _RULES).components
    assert found
    assert not any(map(ok, found))


def _harmed(data, whole):
    at, size = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 64))
    noise = st.one_of(st.binary(max_size=64), st.just(whole[max(0, at - size) : at]))
    return whole[:at] + data.draw(noise) + whole[at + size :]
