"""What is described of racks: read as it is meant, and refused with the place where it is not."""

from pathlib import Path

import pytest

from hwagent.config import ConfigError, load_config


def load(tmp_path: Path, text: str):
    file = tmp_path / "hwagent.yaml"
    file.write_text("topology:\n" + text)
    return load_config(str(file)).topology


def test_a_rack_is_described_in_a_few_lines(tmp_path):
    topology = load(
        tmp_path,
        """\
  racks: {r1: {room: hall1, site: fra}}
  hosts: {db1: {rack: r1, psus: {PSU1: a, PSU2: b}, nics: {eno1: sw1/7}}}
  prices: {switch: 2500}
  reliability: {psu: {failures_per_year: 0.1, repair: 4h}}
""",
    )
    assert topology.hosts["db1"].psus == {"PSU1": "a", "PSU2": "b"}
    assert topology.racks["r1"].site == "fra"
    assert float(topology.reliability["psu"].repair) == 4 * 3600


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("  racks: {r1: {}}\n  hosts: {a: {rack: r2}}", "no rack 'r2'"),
        ("  hosts: {a: {psus: {P: x}, psus_needed: 2}}", "expected from 1 to 1"),
        ("  hosts: {a: {nics: {eno1: sw1}, bonds: {b: [eno2]}}}", "'eno2' is none of its nics"),
        ("  depends: [{component: sw1, needs: ['host:a']}]", "expected kind:name"),
        ("  depends: [{component: 'a:b', needs: ['host:a'], least: 2}]", "from 0 (all) to 1"),
        (
            "  depends:\n"
            "  - {component: 'a:x', needs: ['a:y']}\n"
            "  - {component: 'a:y', needs: ['a:x']}",
            "a circle",
        ),
        ("  prices: {switch: -1}", "expected 0 or more"),
        ("  capacity: 1.5", "a share from 0 to 1"),
        ("  hosts: {'a/b': {}}", "a name has no spaces"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(tmp_path, text, what):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    assert what in str(refused.value)
    assert "hwagent.yaml:" in str(refused.value)
    assert "topology." in str(refused.value)
