"""Power supplies and batteries of the power_supply class."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.power_supply import BATTERY_METRICS, COLLECTOR, PSU_METRICS
from hwagent.collect.root import Root, Unreadable
from hwagent.model import Sample
from hwagent.testing.server import Server
from hwagent.testing.tree import Content, Tree

CLASS = "sys/class/power_supply"
BATTERY: dict[str, Content] = {
    "type": "Battery",
    "status": "Discharging",
    "present": 1,
    "capacity": 81,
    "capacity_level": "Normal",
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "host")


def look(tree: Tree) -> dict[str, Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    for s in samples:
        declared = {m.name for m in (PSU_METRICS if s.kind == "psu" else BATTERY_METRICS)}
        assert set(s.metrics) | set(s.problems) <= declared, s.id
    return {s.id: s for s in samples}


def test_a_supply_of_a_simulated_server_goes_off_and_is_taken_out(tmp_path: Path) -> None:
    server = Server.build(tmp_path, psus=[{"name": "PSU1"}, {"name": "PSU2"}])
    assert look(server.tree)["psu:PSU2"].metrics == {"online": 1, "inserted": 1}
    server.set("psu:PSU2", online=False)
    assert look(server.tree)["psu:PSU2"].metrics == {"online": 0, "inserted": 1}
    server.set("psu:PSU2", present=False)
    assert look(server.tree)["psu:PSU2"].metrics["inserted"] == 0
    assert look(server.tree)["psu:PSU1"].metrics["online"] == 1


def test_a_battery_in_the_units_that_people_use(tree: Tree) -> None:
    numbers = {"voltage_now": 11660000, "power_now": 5002000, "temp": 295, "cycle_count": 120}
    energy = {"energy_now": 36580000, "energy_full": 45070000, "energy_full_design": 50000000}
    words = {"health": "Good", "model_name": "45N1", "scope": "System"}
    tree.fill(f"{CLASS}/BAT0", {**BATTERY, **numbers, **energy, **words})
    sample = look(tree)["battery:BAT0"]
    assert sample.metrics == {
        "status": "Discharging",
        "inserted": 1,
        "capacity_percent": 81,
        "capacity_level": "Normal",
        "condition": "Good",
        "volts": 11.66,
        "watts": 5.002,
        "celsius": 29.5,
        "cycles": 120,
        "energy_watt_hours": 36.58,
        "energy_full_watt_hours": 45.07,
        "energy_design_watt_hours": 50,
        "wear_ratio": 0.9014,
    }
    assert sample.attributes["model"] == "45N1"
    assert sample.attributes["scope"] == "System"


def test_wear_of_a_battery_that_counts_its_charge(tree: Tree) -> None:
    charge = {"charge_full": 2000000, "charge_full_design": 4000000}
    tree.fill(f"{CLASS}/BAT0", {**BATTERY, **charge})
    assert look(tree)["battery:BAT0"].metrics["wear_ratio"] == 0.5


def test_the_kinds_of_the_class(tree: Tree) -> None:
    for name, type in (("AC", "Mains"), ("ucsi-1", "USB"), ("ups", "UPS"), ("BAT0", "Battery")):
        tree.fill(f"{CLASS}/{name}", {**BATTERY, "type": type, "online": 0})
    assert look(tree).keys() == {"psu:AC", "battery:BAT0", "psu:ucsi-1", "battery:ups"}


@pytest.mark.parametrize(
    ("file", "content", "metric"),
    [
        ("capacity", "101", "capacity_percent"),
        ("capacity", "-1", "capacity_percent"),
        ("capacity", "", "capacity_percent"),
        ("status", "Explodes", "status"),
        ("health", "Fine", "condition"),
        ("temp", "9999", "celsius"),
        ("present", "7", "inserted"),
        ("voltage_now", "9" * 30, "volts"),
        ("voltage_now", "9" * 400, "volts"),
    ],
)
def test_what_cannot_be_true_is_unknown(tree: Tree, file: str, content: str, metric: str) -> None:
    tree.fill(f"{CLASS}/BAT0", {**BATTERY, file: content})
    sample = look(tree)["battery:BAT0"]
    assert metric not in sample.metrics
    assert metric in sample.problems


def fail(monkeypatch: pytest.MonkeyPatch, ends: tuple[str, ...], why: str) -> None:
    """Makes reading some files fail as the kernel would."""
    real = Root.text

    def text(root: Root, relative: str) -> str:
        if relative.endswith(ends):
            raise Unreadable(relative, why)
        return real(root, relative)

    monkeypatch.setattr(Root, "text", text)


def test_an_empty_bay_is_no_riddle(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.fill(f"{CLASS}/BAT0", {**BATTERY, "present": 0})
    fail(monkeypatch, ("status", "capacity", "capacity_level"), "ENODEV (No such device)")
    sample = look(tree)["battery:BAT0"]
    assert (sample.metrics, sample.problems, sample.unreadable) == ({"inserted": 0}, {}, "")


def test_a_battery_that_says_nothing_is_unknown(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.fill(f"{CLASS}/BAT0", BATTERY)
    fail(monkeypatch, ("status", "capacity", "capacity_level"), "ENODATA (No data available)")
    assert "neither its status nor its charge" in look(tree)["battery:BAT0"].unreadable


def test_a_supply_that_cannot_be_read_is_unknown(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.fill(f"{CLASS}/PSU1", {"type": "Mains", "online": 1})
    fail(monkeypatch, ("online",), "EIO (Input/output error)")
    sample = look(tree)["psu:PSU1"]
    assert "EIO" in sample.problems["online"]
    assert "online is unknown" in sample.unreadable


def test_a_supply_of_no_type_is_unknown(tree: Tree) -> None:
    tree.fill(f"{CLASS}/PSU1", {"type": "", "online": 1})
    assert look(tree)["psu:PSU1"].unreadable == "its type cannot be read"


def test_no_supplies_are_nothing(tree: Tree) -> None:
    assert look(tree) == {}


_FILES = st.sampled_from([*BATTERY, "health", "online", "energy_full", "energy_full_design"])


@settings(max_examples=60, deadline=None)
@given(files=st.dictionaries(_FILES, st.binary(max_size=30), max_size=6))
def test_damage_is_never_taken_for_health(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    tree = Tree(tmp_path_factory.mktemp("damaged"))
    tree.fill(f"{CLASS}/PSU1", files)
    (tree.path / CLASS / "PSU1").mkdir(parents=True, exist_ok=True)
    (sample,) = look(tree).values()
    assert sample.unreadable or {"online", "inserted", "status", "capacity_percent"} & set(
        sample.metrics
    )
