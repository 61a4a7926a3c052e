"""Walks as components: ports, parts, sensors; what a switch does not tell is unknown."""

import pytest

from hwagent.model import Sample
from hwagent.snmp.decode import recording as decode
from tests.snmp.walks import entity, port, recording, sensor

SYSTEM = {"sysName.0": "sw1", "sysDescr.0": "x", "sysObjectID.0": (1, 3, 6, 1, 4, 1, 424242)}


def found(*parts: dict) -> dict[str, Sample]:
    values = {k: v for part in (SYSTEM, *parts) for k, v in part.items()}
    samples = decode(recording(values))
    assert len({s.id for s in samples}) == len(samples)
    return {s.id: s for s in samples}


def test_a_switch_of_no_known_maker_has_ports_entities_and_sensors() -> None:
    heat = {**entity(1, 3, "box"), **entity(2, 8, "inlet", 1), **sensor(2, 8, 315, precision=1)}
    seen = found(port(1, "e1"), port(2, "e2", up=False), heat)
    assert seen["switch:sw1"].metrics["ports_up"] == 1
    assert seen["port:sw1/e2"].metrics["carrier"] == 0
    assert seen["sensor:sw1/inlet"].kind == "temperature"
    assert seen["sensor:sw1/inlet"].metrics["celsius"] == 31.5


def test_large_counters_and_high_speeds_come_first() -> None:
    more = {"ifInOctets": 5, "ifHCInOctets": 2**40, "ifSpeed": 2**32 - 1, "ifHighSpeed": 40000}
    metrics = found(port(1, "e1", **more))["port:sw1/e1"].metrics
    assert metrics["rx_bytes"] == 2**40
    assert metrics["speed_bits_per_second"] == 40_000_000_000


def test_an_old_switch_has_small_counters_and_its_end_of_speed_is_none() -> None:
    metrics = found(port(1, "e1", ifInOctets=5, ifSpeed=2**32 - 1))["port:sw1/e1"].metrics
    assert metrics["rx_bytes"] == 5
    assert "speed_bits_per_second" not in metrics


@pytest.mark.parametrize("oper", [4, 9, "up"])
def test_a_port_whose_state_is_not_told_is_unknown(oper: int | str) -> None:
    assert found({**port(1, "e1"), "ifOperStatus.1": oper})["port:sw1/e1"].unreadable


def test_ports_of_one_name_are_told_apart() -> None:
    seen = found(port(1, "internal"), port(2, "internal", up=False))
    assert seen["port:sw1/internal-1"].metrics["carrier"] == 1
    assert seen["port:sw1/internal-2"].metrics["carrier"] == 0


@pytest.mark.parametrize(
    ("type", "value", "scale", "precision", "metric", "real"),
    [
        (8, 34562, 8, 0, "celsius", 34.562),
        (8, -55, 9, 1, "celsius", -5.5),
        (4, 1198, 9, 2, "volts", 11.98),
        (6, 8728, 6, 0, "watts", 0.000008728),
        (5, 66, 9, 2, "amperes", 0.66),
        (10, 5, 10, 0, "rpm", 5000),
        (1, 50, 9, 0, "value", 50),
    ],
)
def test_scale_and_precision(
    type: int, value: int, scale: int, precision: int, metric: str, real: float
) -> None:
    one = {**entity(2, 8, "s"), **sensor(2, type, value, scale, precision)}
    assert found(one)["sensor:sw1/s"].metrics[metric] == pytest.approx(real)


def test_a_sensor_that_cannot_be_read_is_unknown_and_a_broken_one_a_fault() -> None:
    seen = found(
        {**entity(2, 8, "a"), **sensor(2, 8, 30, status=2)},
        {**entity(3, 8, "b"), **sensor(3, 8, 30, status=3)},
        {**entity(4, 8, "c"), **sensor(4, 8, 1_000_000_000)},
        {**entity(5, 8, "d"), **sensor(5, 8, 4000)},
    )
    assert "celsius" in seen["sensor:sw1/a"].problems
    assert seen["sensor:sw1/b"].metrics["fault"] == 1
    assert "celsius" in seen["sensor:sw1/c"].problems
    assert "celsius" in seen["sensor:sw1/d"].problems  # 4000 degrees cannot be true
    assert not any("celsius" in seen[f"sensor:sw1/{n}"].metrics for n in "abcd")


def test_a_supply_that_tells_nothing_is_unknown_and_one_under_load_is_good() -> None:
    seen = found(
        entity(1, 6, "PSU 1"),
        entity(2, 6, "PSU 2"),
        {**entity(3, 8, "current", 2), **sensor(3, 5, 4)},
    )
    assert seen["psu:sw1/PSU_1"].unreadable
    assert seen["psu:sw1/PSU_2"].metrics["online"] == 1


@pytest.mark.parametrize(
    ("oper", "alarm", "condition"),
    [(3, b"\x00", "Good"), (3, b"\x20", "Failed"), (3, b"\x04", "Warning"), (2, b"\x00", "Failed")],
)
def test_states_of_entities(oper: int, alarm: bytes, condition: str) -> None:
    one = {**entity(1, 6, "PSU 1"), "entStateOper.1": oper, "entStateAlarm.1": alarm}
    assert found(one)["psu:sw1/PSU_1"].metrics["condition"] == condition


def test_a_fan_turns_as_fast_as_the_slowest_sensor_in_it() -> None:
    seen = found(
        entity(1, 7, "Fan 1"),
        {**entity(2, 8, "a", 1), **sensor(2, 10, 8000)},
        {**entity(3, 8, "b", 1), **sensor(3, 10, 0)},
    )
    assert seen["fan:sw1/Fan_1"].metrics["rpm"] == 0


def test_sensors_of_one_name_are_called_after_what_they_are_in() -> None:
    seen = found(
        entity(1, 6, "PSU 1"),
        entity(2, 6, "PSU 2"),
        {**entity(3, 8, "Hotspot", 1), **sensor(3, 8, 40)},
        {**entity(4, 8, "Hotspot", 2), **sensor(4, 8, 41)},
    )
    assert seen["sensor:sw1/PSU_1/Hotspot"].metrics["celsius"] == 40
    assert seen["sensor:sw1/PSU_2/Hotspot"].metrics["celsius"] == 41


def test_a_circle_of_entities_ends() -> None:
    one = {**entity(1, 7, "a", 2), **entity(2, 7, "b", 1), **entity(3, 8, "s", 1)}
    assert found(one, sensor(3, 10, 900))["fan:sw1/a"].metrics["rpm"] == 900


def test_two_tables_of_one_supply_are_one_component_and_the_worse_counts() -> None:
    envmon, fru = "1.3.6.1.4.1.9.9.13.1.5.1", "1.3.6.1.4.1.9.9.117.1.1.2.1.2"
    seen = found(
        entity(7, 6, "PSU A"), {f"{envmon}.2.1": "PSU A", f"{envmon}.3.1": 1, f"{fru}.7": 8}
    )
    psu = seen["psu:sw1/PSU_A"]
    assert psu.metrics["condition"] == "Failed"
    assert psu.attributes["states"] == {
        "ciscoEnvMonSupplyState": "normal(1)",
        "cefcFRUPowerOperStatus": "failed(8)",
    }


def test_limits_of_cisco_sensors() -> None:
    limit = "1.3.6.1.4.1.9.9.91.1.2.1.1"
    rows = [(10, 4, 55), (20, 4, 60), (30, 4, 65), (20, 2, 0), (30, 2, -10)]
    limits = {
        f"{limit}.{column}.2.{n}": value
        for n, row in enumerate(rows, 1)
        for column, value in zip((2, 3, 4), row)
    }
    heat = {"entSensorType.2": 8, "entSensorScale.2": 9, "entSensorValue.2": 31}
    metrics = found(entity(2, 8, "inlet"), heat, limits)["sensor:sw1/inlet"].metrics
    assert (metrics["max_celsius"], metrics["crit_celsius"]) == (55, 65)
    assert (metrics["min_celsius"], metrics["lcrit_celsius"]) == (0, -10)


def test_light_of_a_port_is_told_to_the_port_and_a_dark_port_has_no_limits() -> None:
    light = {**entity(10, 10, "e1"), **entity(11, 8, "e1 Rx Power", 10)}
    data = {
        **sensor(11, 6, 1, 7),
        "entAliasMappingIdentifier.10.0": (1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 1),
    }
    arista = {"1.3.6.1.4.1.30065.3.12.1.1.1.2.11": 36}
    up = found(port(1, "e1"), light, data, arista)
    assert up["port:sw1/e1"].metrics["rx_power_dbm"] == -30
    assert up["port:sw1/e1"].metrics["rx_power_state"] == "low_alarm"
    assert up["sensor:sw1/e1_Rx_Power"].attributes["port"] == "port:sw1/e1"
    down = found(port(1, "e1", up=False), light, data, arista)
    assert "lcrit_watts" not in down["sensor:sw1/e1_Rx_Power"].metrics


def test_members_of_an_aggregation_are_counted() -> None:
    trunk = {**port(9, "Po1"), "ifType.9": 161, "ifStackStatus.9.1": 1, "ifStackStatus.9.2": 1}
    seen = found(port(1, "e1"), port(2, "e2", up=False), trunk)
    metrics = seen["port:sw1/Po1"].metrics
    assert (metrics["members_up"], metrics["members_total"]) == (1, 2)
    assert seen["port:sw1/e1"].attributes["aggregation"] == "port:sw1/Po1"


def test_spanning_tree_has_its_own_numbers_of_ports() -> None:
    tree = {"dot1dBasePortIfIndex.5": 1, "dot1dStpPortState.5": 6}
    assert found(port(1, "e1"), tree)["port:sw1/e1"].metrics["stp_state"] == "broken"


def test_neighbours_are_found_by_the_name_of_the_local_port() -> None:
    row = "0.500.1"
    lldp = {
        "lldpLocPortId.500": "e2",
        f"lldpRemChassisIdSubtype.{row}": 4,
        f"lldpRemChassisId.{row}": bytes.fromhex("001b21bbe6f0"),
        f"lldpRemPortIdSubtype.{row}": 5,
        f"lldpRemPortId.{row}": "eth0",
        f"lldpRemSysName.{row}": "host7",
        f"lldpRemManAddrIfSubtype.{row}.1.4.192.0.2.7": 2,
    }
    seen = found(port(1, "e1"), port(2, "e2"), lldp)
    [neighbour] = seen["port:sw1/e2"].attributes["neighbours"]
    assert neighbour["system"] == "host7"
    assert neighbour["chassis"] == "00:1b:21:bb:e6:f0"
    assert neighbour["management"] == ["192.0.2.7"]
    assert "neighbours" not in seen["port:sw1/e1"].metrics


@pytest.mark.parametrize("data", [b"", b"\0\1", b"1.3.6.1.2.1.2.2.1.8.1|2|1\nhalf a li"])
def test_what_is_no_walk_is_unknown(data: bytes) -> None:
    assert decode(data)[0].unreadable


def test_a_damaged_line_makes_the_switch_unknown_and_spares_its_ports() -> None:
    samples = decode(recording({**SYSTEM, **port(1, "e1")}) + b"1.3.6|2|\n1.x\n")
    assert "line" in samples[0].unreadable
    assert samples[1].metrics["carrier"] == 1


@pytest.mark.parametrize(
    ("described", "software"),
    [
        ("Arista Networks EOS version 4.15.3F running on an Arista DCS-7050TX-128", "4.15.3F"),
        ("Cisco NX-OS(tm) nxos.bin, Software (nxos), Version 7.0(3)I7(8), RELEASE SOFTWARE",
         "7.0(3)I7(8)"),
        ("HP J9146A E2910al-24G-PoE Switch, revision W.15.08.0012, ROM W.14.06", "W.15.08.0012"),
        ("SONiC Software Version: SONiC.4.4.1-Lite - HwSku: DELL-S5248F", "SONiC.4.4.1-Lite"),
        ("a switch of no version that anybody knows", None),
        ("a switch", None),
    ],
)  # fmt: skip
def test_the_software_stands_in_the_description(described: str, software: str | None) -> None:
    seen = found({"sysDescr.0": described}, port(1, "e1"))
    assert seen["switch:sw1"].attributes.get("software") == software
