"""Sensor chips: what they measure, what they only seem to measure, and who they are."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.device_events import device_triggers
from hwagent.collect.hwmon import COLLECTOR
from hwagent.collect.hwmon_kinds import KINDS
from hwagent.collect.root import Root, Unreadable
from hwagent.model import Sample
from hwagent.testing.tree import Content, Tree

NCT = "sys/devices/platform/nct6775.656"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "host")


def chip(tree: Tree, device: str, number: int, name: str, /, **files: Content) -> None:
    place = f"{device}/hwmon/hwmon{number}"
    tree.fill(place, {**({"name": name} if name else {}), **files})
    tree.link(f"{place}/device", device)
    tree.link(f"sys/class/hwmon/hwmon{number}", place)


def look(tree: Tree) -> dict[str, Sample]:
    collector, root = COLLECTOR(), Root(tree.path)
    samples = [s for t in collector.targets(root) for s in collector.collect(root, t)]
    for s in samples:
        declared = {m.name for m in collector.kinds[s.kind]}
        assert set(s.metrics) | set(s.problems) <= declared, s.id
    return {s.id: s for s in samples}


def test_each_kind_of_channel_in_its_unit(tree: Tree) -> None:
    values = {"temp1": 41500, "in0": 1024, "fan1": 1200, "curr1": 2500, "power1": 250_000_000}
    more = {"energy1": 5_000_000, "humidity1": 45000, "freq1": 300_000_000}
    files = {f"{channel}_input": value for channel, value in (values | more).items()}
    chip(tree, NCT, 0, "nct6779", **files)
    found = {i.rsplit("/")[-1]: (s.kind, s.metrics[KINDS[i.rsplit("/")[-1].rstrip("01")].value])
             for i, s in look(tree).items()}  # fmt: skip
    assert found == {
        "temp1": ("temperature", 41.5),
        "in0": ("voltage", 1.024),
        "fan1": ("fan", 1200),
        "curr1": ("current", 2.5),
        "power1": ("power", 250),
        "energy1": ("energy", 5),
        "humidity1": ("humidity", 45),
        "freq1": ("frequency", 300_000_000),
    }


def test_a_channel_says_what_it_is_and_its_limits(tree: Tree) -> None:
    limits = {"temp1_max": 84000, "temp1_crit": 100000, "temp1_crit_alarm": 0}
    place = "sys/devices/platform/coretemp.0"
    chip(tree, place, 0, "coretemp", temp1_input=55000, temp1_label="Package id 0", **limits)
    sample = look(tree)["sensor:coretemp.0/temp1"]
    expected = {"celsius": 55, "max_celsius": 84, "crit_celsius": 100, "crit_alarm": 0}
    assert sample.metrics == expected
    assert sample.attributes == {
        "chip": "platform_coretemp_0",
        "chip_name": "coretemp",
        "sensor": "temp1",
        "label": "Package id 0",
    }


def test_a_meter_that_only_averages(tree: Tree) -> None:
    chip(tree, "sys/devices/platform/meter", 0, "power_meter", power1_average=213_000_000)
    assert look(tree)["sensor:power_meter/power1"].metrics == {"watts": 213}


TWINS = ("sys/devices/platform/coretemp.0", "sys/devices/platform/coretemp.1")


@pytest.mark.parametrize(
    ("devices", "name", "ids"),
    [
        (TWINS, "coretemp", ["coretemp.0", "coretemp.1"]),
        (
            ("sys/devices/pci0000:00/0000:00:18.3", "sys/devices/pci0000:40/0000:40:18.3"),
            "k10temp",
            ["k10temp-0000:00:18.3", "k10temp-0000:40:18.3"],
        ),
        (
            ("sys/devices/pci0000:00/0000:00:1f.4/i2c-0/0-0018", "sys/devices/x/i2c-1/1-0018"),
            "jc42",
            ["jc42-0-0018", "jc42-1-0018"],
        ),
        ((NCT, "sys/devices/platform/nct6775.2608"), "nct6779",
         ["nct6779-nct6775.656", "nct6779-nct6775.2608"]),
        (("sys/devices/a/ACPI000D:00", "sys/devices/a/ACPI000D:01"), "power_meter",
         ["power_meter-ACPI000D:00", "power_meter-ACPI000D:01"]),
    ],
)  # fmt: skip
def test_chips_of_one_name_stay_apart_and_keep_their_ids_when_the_kernel_renumbers(
    tmp_path: Path, devices: tuple[str, str], name: str, ids: list[str]
) -> None:
    for boot, numbers in (("first", (0, 1)), ("second", (7, 3))):
        tree = Tree(tmp_path / boot)
        for device, number, degrees in zip(devices, numbers, (41000, 52000), strict=True):
            chip(tree, device, number, name, temp1_input=degrees)
        found = {id: s.metrics["celsius"] for id, s in look(tree).items()}
        assert found == {f"sensor:{ids[0]}/temp1": 41, f"sensor:{ids[1]}/temp1": 52}


@pytest.mark.parametrize(("first", "name"), [(TWINS[0], "coretemp"), (NCT, "nct6779")])
def test_a_chip_keeps_its_id_when_another_one_comes(tree: Tree, first: str, name: str) -> None:
    chip(tree, first, 0, name, temp1_input=41000)
    before = set(look(tree))
    chip(tree, TWINS[1], 1, "coretemp", temp1_input=41000)
    assert before < set(look(tree))


def test_a_chip_is_found_again_after_its_driver_was_loaded_anew(tree: Tree) -> None:
    collector, root = COLLECTOR(), Root(tree.path)
    chip(tree, TWINS[0], 0, "coretemp", temp1_input=41000)
    chip(tree, TWINS[1], 1, "coretemp", temp1_input=52000)

    def degrees(target: str) -> list[object]:
        return [s.metrics["celsius"] for s in collector.collect(root, target)]

    assert (degrees("coretemp.0"), degrees("coretemp.1")) == ([41], [52])
    for number in (0, 1):
        tree.remove(f"sys/class/hwmon/hwmon{number}")
    chip(tree, TWINS[0], 1, "coretemp", temp1_input=42000)
    assert (degrees("coretemp.0"), degrees("coretemp.1")) == ([42], [])


def test_one_device_may_have_two_chips_of_one_name(tree: Tree) -> None:
    for number in (0, 1):
        chip(tree, "sys/devices/platform/board", number, "board", temp1_input=40000 + number)
    assert len(look(tree)) == 2


def test_a_driver_that_keeps_its_files_at_the_device(tree: Tree) -> None:
    device = "sys/devices/platform/applesmc.768"
    chip(tree, device, 2, "")
    tree.fill(device, {"name": "applesmc", "fan1_input": 2000, "fan1_min": 2160})
    assert look(tree)["sensor:applesmc/fan1"].metrics == {"rpm": 2000, "min_rpm": 2160}


def test_a_chip_without_name_is_called_by_its_device(tree: Tree) -> None:
    chip(tree, "sys/devices/platform/thing.0", 2, "", temp1_input=30000)
    assert list(look(tree)) == ["sensor:thing.0/temp1"]


@pytest.mark.parametrize(
    "device",
    [
        "sys/devices/pci0000:00/0000:00:1d.0/0000:01:00.0/nvme/nvme0",
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0",
        "sys/devices/LNXSYSTM:00/PNP0C0A:00/power_supply/BAT0",
        "sys/devices/virtual/thermal/thermal_zone0",
    ],
)
def test_disks_batteries_and_zones_are_not_told_twice(tree: Tree, device: str) -> None:
    chip(tree, device, 0, "x", temp1_input=40000)
    tree.fill(f"{device}/hwmon1", {"name": "x", "temp1_input": 40000})
    tree.link("sys/class/hwmon/hwmon1", f"{device}/hwmon1")
    assert look(tree) == {}


@pytest.mark.parametrize("raw", [-128000, -50001, 150001, 3_900_000_000, 10**40])
def test_a_temperature_that_cannot_be_is_unknown(tree: Tree, raw: int) -> None:
    chip(tree, NCT, 0, "nct6779", temp1_input=raw)
    sample = look(tree)["sensor:nct6779/temp1"]
    assert "celsius" not in sample.metrics
    assert "cannot be true" in sample.problems["celsius"]


@pytest.mark.parametrize("raw", [0, 127000, 255000, 65_261_850, -128000])
def test_a_limit_that_was_never_set_is_none(tree: Tree, raw: int) -> None:
    chip(tree, NCT, 0, "nct6779", temp1_input=40000, temp1_max=raw, temp1_crit=raw)
    sample = look(tree)["sensor:nct6779/temp1"]
    assert (sample.metrics, sample.problems) == ({"celsius": 40}, {})


@pytest.mark.parametrize("raw", [10**40, -(10**30), 2**63])
def test_a_limit_that_no_kernel_can_hold_is_damage(tree: Tree, raw: int) -> None:
    more = {"fan1_min": raw, "fan1_pulses": raw, "temp1_max": raw}
    chip(tree, NCT, 0, "nct6779", fan1_input=900, temp1_input=40000, **more)
    fan, temperature = look(tree).values()
    assert (fan.metrics, fan.problems.keys()) == ({"rpm": 900}, {"min_rpm", "pulses"})
    assert temperature.problems.keys() == {"max_celsius"}


def test_a_fault_voids_the_value(tree: Tree) -> None:
    chip(tree, NCT, 0, "nct6779", temp1_input=22000, temp1_fault=1, temp2_input=23000,
         temp2_fault=0)  # fmt: skip
    broken, well = look(tree).values()
    assert broken.metrics == {"fault": 1}
    assert "fault" in broken.problems["celsius"]
    assert well.metrics == {"fault": 0, "celsius": 23}


def test_a_channel_that_is_off_is_neither_well_nor_broken(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip(tree, NCT, 0, "nct6779", temp1_input=22000, temp2_input=0, temp2_enable=0)
    real = Root.number

    def number(root: Root, relative: str, base: int = 10) -> int:
        if relative.endswith("temp1_input"):
            raise Unreadable(relative, "ENODATA (No data available)")
        return real(root, relative, base)

    monkeypatch.setattr(Root, "number", number)
    for sample in look(tree).values():
        assert (sample.metrics, sample.problems) == ({"enabled": 0}, {})


def test_an_alarm_that_is_cleared_by_reading_is_read_twice(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip(tree, NCT, 0, "nct6779", in0_input=1000, in0_alarm=1, in1_input=1000, in1_alarm=1)
    real = Root.number

    def number(root: Root, relative: str, base: int = 10) -> int:
        value = real(root, relative, base)
        if relative.endswith("in0_alarm"):
            tree.write(relative, 0)
        return value

    monkeypatch.setattr(Root, "number", number)
    assert [s.metrics["alarm"] for s in look(tree).values()] == [0, 1]


def test_a_fan_knows_whether_it_is_told_to_stand_still(tree: Tree) -> None:
    chip(tree, NCT, 0, "nct6779", fan1_input=0, pwm1=0, pwm1_enable=1, fan2_input=900)
    found = look(tree)
    assert found["sensor:nct6779/fan1"].metrics == {"rpm": 0, "pwm": 0}
    assert found["sensor:nct6779/fan2"].metrics == {"rpm": 900}
    assert found["sensor:nct6779/pwm1"].metrics == {"pwm": 0, "enable": 1}


@pytest.mark.parametrize("content", ["", "abc", "1.5", b"\xff\xfe", "9" * 400])
def test_a_value_that_is_no_number_is_unknown(tree: Tree, content: Content) -> None:
    chip(tree, NCT, 0, "nct6779", temp1_input=content, temp1_alarm=content, temp1_max=content)
    sample = look(tree)["sensor:nct6779/temp1"]
    assert sample.metrics == {}
    assert sample.problems.keys() == {"celsius", "alarm", "max_celsius"}


def test_a_chip_that_cannot_be_listed_leaves_the_others(tree: Tree) -> None:
    chip(tree, TWINS[0], 0, "coretemp", temp1_input=40000)
    tree.write("sys/devices/notes", "no directory")
    tree.link("sys/class/hwmon/hwmon1", "sys/devices/notes")
    collector, root = COLLECTOR(), Root(tree.path)
    assert collector.targets(root) == ["coretemp.0", "hwmon1"]
    assert len(collector.collect(root, "coretemp.0")) == 1
    with pytest.raises(Unreadable):
        collector.collect(root, "hwmon1")


def test_an_alarm_that_the_driver_notifies_is_looked_at_now() -> None:
    (trigger,) = device_triggers("hwmon", "hwmon3", "change")
    assert (trigger.collector, trigger.target) == (COLLECTOR.name, "")


def test_no_chips_are_nothing(tree: Tree) -> None:
    assert look(tree) == {}


_FILES = st.sampled_from(
    ["temp1_input", "temp1_max", "temp1_fault", "fan1_input", "in0_alarm", "in0_input", "pwm1",
     "intrusion0_alarm", "power1_average", "name", "temp1_label", "temp99_crit", "energy1_input"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(files=st.dictionaries(_FILES, st.binary(max_size=30), max_size=6))
def test_damage_is_never_taken_for_a_value(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    tree = Tree(tmp_path_factory.mktemp("damaged"))
    chip(tree, NCT, 0, "nct6779", **files)
    for sample in look(tree).values():
        kind = next(k for k in KINDS.values() if k.name == sample.kind)
        value = sample.metrics.get(kind.value, kind.range[0])
        assert isinstance(value, int | float)
        assert kind.range[0] <= value <= kind.range[1]
