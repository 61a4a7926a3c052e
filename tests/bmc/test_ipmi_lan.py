"""A BMC asked by IPMI over LAN: OpenIPMI's simulator answers, ipmitool asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hwagent.collect.bmc import COLLECTOR
from hwagent.collect.debounce import encode
from hwagent.collect.root import Root, Unreadable
from hwagent.config.bmcs import Bmc
from hwagent.config.units import Duration
from hwagent.model import Sample
from tests.bmc.simulator import PASSWORD, Simulator, simulator


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "wrong").write_text("guessed")
    with simulator(tmp_path) as running:
        yield running


@pytest.fixture
def bmc(sim: Simulator, tmp_path: Path) -> Bmc:
    return Bmc(
        name="b1",
        address="127.0.0.1",
        port=sim.port,
        protocol="ipmi",
        user="monitor",
        password_file=str(tmp_path / "password"),
        cipher=3,
        timeout=Duration(10),
    )


def look(bmc: Bmc) -> dict[str, Sample]:
    return {s.id: s for s in COLLECTOR().collect(Root(), encode(bmc))}


def test_sensors_chassis_and_log_under_the_name_of_the_configuration(bmc: Bmc) -> None:
    found = look(bmc)
    assert found["sensor:b1/CPU_Temp"].metrics["celsius"] == 45
    assert found["psu:b1/PS1_Status"].metrics["condition"] == "Good"
    assert found["psu:b1/PS1_Status"].attributes["of"] == "bmc:b1"
    told = found["bmc:b1"].metrics
    assert (told["power_fault"], told["sel_entries"], told["sel_overflow"]) == (0, 0, 0)


def test_a_supply_that_loses_its_input_is_seen_and_is_in_the_log(sim: Simulator, bmc: Bmc) -> None:
    sim.supply(3, True)
    found = look(bmc)
    assert found["psu:b1/PS1_Status"].metrics["condition"] == "No input"
    assert found["psu:b1/PS1_Status"].metrics["online"] == 0
    own = found["bmc:b1"]
    assert own.metrics["sel_newest_fault"] == own.metrics["sel_entries"] == 1
    assert "AC lost" in own.attributes["fault"]


def test_too_hot_is_critical_and_what_is_over_is_no_fault(sim: Simulator, bmc: Bmc) -> None:
    sim.heat(0x95)
    assert look(bmc)["sensor:b1/CPU_Temp"].metrics["crit_alarm"] == 1
    sim.heat(45)
    assert look(bmc)["sensor:b1/CPU_Temp"].metrics["crit_alarm"] == 0


def test_of_another_host_nothing_is_taken_for_ours(bmc: Bmc) -> None:
    other = Bmc(**{f: getattr(bmc, f) for f in bmc.__struct_fields__} | {"host": "h2"})
    found = look(other)
    assert found["bmc:b1"].attributes["host"] == "h2"
    assert all(id.partition(":")[2].split("/")[0] == "b1" for id in found)


def test_a_wrong_password_makes_it_unknown_and_is_not_shown(bmc: Bmc, tmp_path: Path) -> None:
    wrong = Bmc(
        **{f: getattr(bmc, f) for f in bmc.__struct_fields__}
        | {"password_file": str(tmp_path / "wrong")}
    )
    with pytest.raises(Unreadable) as caught:
        look(wrong)
    assert "guessed" not in str(caught.value)
