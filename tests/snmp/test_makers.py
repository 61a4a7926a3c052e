"""Makers' files: the shipped ones are whole, a user's are added, and mistakes are pointed at."""

from pathlib import Path

import pytest

from hwagent.config import ConfigError
from hwagent.snmp.makers import load_makers, shipped_makers
from hwagent.snmp.recorded import parse_recording
from hwagent.snmp.switch import samples
from tests.snmp.walks import port, recording

ACME = """
maker: Acme
enterprises: [99999]
tables:
- kind: psu
  object: acmePsuState
  source: ACME-MIB
  status: 1.3.6.1.4.1.99999.1.2
  label: PSU {index}
  states:
    good: {1: fine}
    failed: {2: smoking}
"""


def test_every_shipped_table_says_where_it_is_from() -> None:
    tables = shipped_makers().tables
    assert len(tables) > 30
    assert all(t.text.source for t in tables)
    assert all(t.verdicts for t in tables if "status" in t.columns)


def test_a_file_of_a_user_is_added(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME)
    data = recording(
        {
            "sysName.0": "sw1",
            "sysObjectID.0": (1, 3, 6, 1, 4, 1, 99999, 1),
            **port(1, "e1"),
            "1.3.6.1.4.1.99999.1.2.1": 1,
            "1.3.6.1.4.1.99999.1.2.2": 2,
            "1.3.6.1.4.1.99999.1.2.3": 7,
        }
    )
    makers = load_makers([tmp_path])
    found = {s.id: s for s in samples(parse_recording(data), makers)}
    assert found["switch:sw1"].attributes["maker"] == "Acme"
    assert found["psu:sw1/PSU_1"].metrics["online"] == 1
    assert found["psu:sw1/PSU_2"].metrics["condition"] == "Failed"
    assert found["psu:sw1/PSU_3"].unreadable  # a number that the table does not know
    assert found["psu:sw1/PSU_2"].attributes["states"] == {"acmePsuState": "smoking(2)"}


def test_a_file_of_a_user_replaces_a_shipped_table(tmp_path: Path) -> None:
    (tmp_path / "voss.yaml").write_text(ACME.replace("acmePsuState", "rcChasPowerSupplyOperStatus"))
    tables = load_makers([tmp_path]).tables
    [table] = [t for t in tables if t.text.object == "rcChasPowerSupplyOperStatus"]
    assert table.maker == "Acme"


@pytest.mark.parametrize(
    ("wrong", "right", "line", "told"),
    [
        ("failed: {2", "faild: {2", 11, "did you mean 'failed'?"),
        ("kind: psu", "kind: pus", 5, "did you mean 'psu'?"),
        ("1.3.6.1.4.1.99999.1.2", "1.3.six", 8, "not an OID"),
        ("failed: {2", "failed: {1", 12, "1 stands under 'good' and 'failed'"),
        ("  status: 1.3.6.1.4.1.99999.1.2\n", "", 5, "needs 'status' or 'reading'"),
        ("label: PSU {index}", "where: {name: '('}", 9, "not a regular expression"),
        ("object: acmePsuState", "objekt: acmePsuState", 6, "did you mean 'object'?"),
    ],
)
def test_a_mistake_is_pointed_at(
    tmp_path: Path, wrong: str, right: str, line: int, told: str
) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(ACME.replace(wrong, right))
    with pytest.raises(ConfigError) as raised:
        load_makers([tmp_path])
    assert told in str(raised.value)
    assert raised.value.place.file == str(path)
    assert abs(raised.value.place.line - line) <= 1
