"""OpenMetrics text, read back with Prometheus' own parser."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from hwagent.api.exposition import Exposition, simple_family
from hwagent.model import counter, gauge, state

WORDS = {
    "temperature": {m.name: m for m in [gauge("celsius", "temperature", "celsius")]},
    "nic": {
        m.name: m
        for m in [counter("rx_errors", "errors"), gauge("carrier", "carrier"), state("duplex", "d")]
    },
}


def parse(text: bytes):
    families = text_string_to_metric_families(text.decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families for s in f.samples}


def test_prometheus_reads_what_we_write():
    exposition = Exposition(WORDS)
    exposition.update("nic:eno1", "nic", {}, {"rx_errors": 7, "carrier": 1, "duplex": "full"})
    attributes = {"chip": 'we"ird\\chip\n', "sensor": "temp1", "label": "CPU"}
    exposition.update("temperature:x/temp1", "temperature", attributes, {"celsius": 41.5})
    found = parse(exposition.text([simple_family("hwagent_x", "counter", "x", [({"a": "b"}, 2)])]))
    nic = (("component", "nic:eno1"), ("device", "eno1"))
    assert found["hwagent_network_receive_errs_total", nic] == 7
    assert found["hwagent_network_carrier", nic] == 1
    assert found["hwagent_network_duplex", (*nic, ("state", "full"))] == 1
    assert found["hwagent_x_total", (("a", "b"),)] == 2
    (temperature,) = [v for (n, _), v in found.items() if n == "hwagent_hwmon_temp_celsius"]
    assert temperature == 41.5


def test_a_state_that_was_left_is_0():
    exposition = Exposition(WORDS)
    exposition.update("nic:a", "nic", {}, {"duplex": "full"})
    exposition.update("nic:a", "nic", {}, {"duplex": "half"})
    by_state = {dict(k[1])["state"]: v for k, v in parse(exposition.text()).items()}
    assert by_state == {"full": 0, "half": 1}


def test_what_is_gone_is_not_exposed():
    exposition = Exposition(WORDS)
    exposition.update("nic:a", "nic", {}, {"rx_errors": 1, "carrier": 1})
    exposition.update("nic:a", "nic", {}, {"carrier": 1})
    assert b"receive_errs" not in exposition.text()
    exposition.remove("nic:a")
    assert exposition.text() == b"# EOF\n"


@pytest.mark.parametrize("value", [0, 1.5, 1e300, -3, True, 2**70])
def test_numbers_survive(value):
    exposition = Exposition(WORDS)
    exposition.update("nic:a", "nic", {}, {"carrier": value})
    assert list(parse(exposition.text()).values()) == [float(value)]
