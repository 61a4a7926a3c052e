"""Names of metrics: what node_exporter's users know, and one type and unit per family."""

import re
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from hwagent.api.exposition import Exposition
from hwagent.api.names import LABELS, SAME, UNITS, shown
from hwagent.daemon.loading import known_vocabulary
from hwagent.model import MetricType

ORACLE = Path(__file__).parents[3] / "shared/corpora/node_exporter-e2e-hw.txt"
#: What the oracle, which holds hardware only, does not have; as node_exporter's users know it.
BEYOND = re.compile(
    r"node_(load\d+|memory_\w+|vmstat_oom_kill|procs_blocked|timex_\w+|boot_time_seconds|filefd_\w+"
    r"|filesystem_\w+|power_supply_current_ampere|hwmon_(curr|power|energy)_\w+)(_total)?"
)
OWN = {"network_operstate", "network_admin_up", "md_size_bytes"}


def claimed() -> set[str]:
    """Every name that we say node_exporter has."""
    words = known_vocabulary()
    names = set()
    for kind, metrics in SAME.items():
        for metric, forms in metrics.items():
            known = words.get(kind, {}).get(metric)
            total = "_total" if known and known.type is MetricType.COUNTER else ""
            names |= {f"node_{f.family}{total}" for f in forms if known and f.family not in OWN}
    return names


@pytest.mark.skipif(not ORACLE.exists(), reason="the shared corpus is not there")
def test_names_that_are_said_to_be_node_exporters_are():
    known = set(re.findall(r"^# TYPE (\w+)", ORACLE.read_text(), re.M))
    assert {n for n in claimed() if n not in known and not BEYOND.fullmatch(n)} == set()


def test_a_family_has_one_type_and_units_come_last():
    types: dict[str, MetricType] = {}
    for kind, metrics in known_vocabulary().items():
        for metric in metrics.values():
            for form in shown(kind, metric):
                plain = MetricType.GAUGE if form.word else metric.type
                assert types.setdefault(form.family, plain) is plain, form.family
                if metric.unit in UNITS and form.family.endswith(f"_{metric.name}"):
                    assert metric.unit in form.family.split("_")


def test_every_metric_that_is_said_to_be_the_same_exists():
    words = known_vocabulary()
    wrong = {
        (kind, metric)
        for kind, metrics in SAME.items()
        if kind in words
        for metric in metrics
        if metric not in words[kind] and not (kind == "link" and metric in SAME["nic"])
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("id", "attributes", "metric", "value", "line"),
    [
        ("array:md0", {}, "in_sync_disks", 2, 'hwagent_md_disks{device="md0",state="active"} 2'),
        ("array:md0", {}, "raid_disks", 2, 'hwagent_md_disks_required{device="md0"} 2'),
        ("array:md0", {}, "state", "clean", 'hwagent_md_state{device="md0",state="clean"} 1'),
        ("bond:b0", {}, "legs_up", 1, 'hwagent_bonding_active{master="b0"} 1'),
        ("bond:b0", {}, "carrier", 1, 'hwagent_network_carrier{device="b0"} 1'),
        ("nic:eno1", {}, "operstate", "up", 'hwagent_network_up{device="eno1"} 1'),
        ("nic:e", {}, "speed_bits_per_second", 10**9,
         'hwagent_network_speed_bytes{device="e"} 125000000.0'),
        ("nic:e", {}, "rx_errors", 3, 'hwagent_network_receive_errs_total{device="e"} 3'),
        ("memory_controller:mc0", {}, "ce", 1,
         'hwagent_edac_correctable_errors_total{controller="0"} 1'),
        ("disk:wwn-1", {"name": "sda"}, "busy_seconds", 1.5,
         'hwagent_disk_io_time_seconds_total{device="sda"} 1.5'),
        ("disk:x", {"name": "sda", "serial": "S1"}, "in_flight", 1,
         'hwagent_disk_info{device="sda",model="",serial="S1",wwn="",revision="",path=""} 1'),
        ("pcie:0000:3b:00.1", {}, "link_width", 8, 'hwagent_pcidevice_current_link_width'
         '{segment="0000",bus="3b",device="00",function="1"} 8'),
        ("filesystem:/", {"source": "/dev/sda1", "fstype": "ext4"}, "available_bytes", 9,
         'hwagent_filesystem_avail_bytes{mountpoint="/",device="/dev/sda1",fstype="ext4"} 9'),
    ],
)  # fmt: skip
def test_what_a_user_of_node_exporter_finds(id, attributes, metric, value, line):
    exposition = Exposition(known_vocabulary())
    exposition.update(id, id.partition(":")[0], attributes, {metric: value})
    text = exposition.text().decode()
    assert line in re.sub(r'component="[^"]*",?', "", text).splitlines()
    list(text_string_to_metric_families(text))


def test_two_components_of_a_kind_never_make_the_same_line():
    for kind in LABELS:
        exposition = Exposition(known_vocabulary())
        for number in range(2):
            exposition.update(f"{kind}:{number}", kind, {}, {"present": 1, "carrier": 1})
        lines = exposition.text().decode().splitlines()
        assert len(lines) == len(set(lines))
