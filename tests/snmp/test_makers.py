"""Makers' files: the shipped ones are whole, a user's are added, and mistakes are pointed at."""

from pathlib import Path

import pytest

from hwagent.config import ConfigError
from hwagent.snmp.__main__ import _makers
from hwagent.snmp.makers import load_makers, shipped_makers
from hwagent.snmp.messages import Dropped, FromPoller
from hwagent.snmp.recorded import parse_recording
from hwagent.snmp.switch import samples
from tests.cli.running import cli
from tests.snmp.walks import port, recording

ROOT = Path(__file__).parents[2]
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


def test_the_example_of_the_docs(tmp_path: Path) -> None:
    text = (ROOT / "docs/switches.md").read_text()
    (tmp_path / "acme.yaml").write_text(text.partition("<!-- file: acme.yaml -->\n```yaml\n")[2]
                                        .partition("```")[0])  # fmt: skip
    at = "1.3.6.1.4.1.99999.1"
    walk = {
        **{"sysName.0": "sw9", **port(1, "e1")},
        **{f"{at}.1.2.1": 1, f"{at}.1.3.1": "left", f"{at}.1.4.1": "A1"},
        **{f"{at}.1.2.2": 4, f"{at}.1.3.2": "right"},
        **{f"{at}.2.1.1": 415, f"{at}.2.2.1": 600, f"{at}.2.1.2": -9999},
    }
    file = tmp_path / "sw9.snmprec"
    file.write_bytes(recording(walk))
    done = cli("decode", "snmprec", str(file), "--makers", str(tmp_path), "-o", "json")
    found = {c["id"]: c for c in done.json["components"]}
    assert found["psu:sw9/left"]["attributes"]["serial"] == "A1"
    assert found["psu:sw9/right"]["health"] == "failed"
    assert found["sensor:sw9/Board_1"]["metrics"]["celsius"] == 41.5
    assert found["sensor:sw9/Board_1"]["metrics"]["max_celsius"] == 60
    assert "sensor:sw9/Board_2" not in found
    plain = cli("decode", "snmprec", str(file), "-o", "json").json["components"]
    assert not [c for c in plain if c["kind"] == "psu"]


def test_makers_are_for_switches_only(tmp_path: Path) -> None:
    done = cli("decode", "mdstat", "-", "--makers", str(tmp_path))
    assert (done.code, "snmprec and snmpwalk" in done.err) == (3, True)


@pytest.mark.parametrize("there", [True, False])
def test_a_wrong_file_is_found_before_it_counts(tmp_path: Path, there: bool) -> None:
    makers = tmp_path / "makers"
    if there:
        makers.mkdir()
        (makers / "acme.yaml").write_text(ACME.replace("kind: psu", "kind: pus"))
    config = tmp_path / "hwagent.yaml"
    config.write_text(f"makers: [{makers}]\n")
    done = cli("config", "check", str(config))
    assert done.code == 3
    assert f"{makers}/acme.yaml:5" in done.err if there else str(makers) in done.err


def test_a_poller_does_without_a_file_that_became_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[FromPoller] = []
    monkeypatch.setattr("hwagent.snmp.__main__._tell", told.append)
    (tmp_path / "acme.yaml").write_text("maker: [\n")
    assert _makers([str(tmp_path)]) == shipped_makers()
    [dropped] = told
    assert isinstance(dropped, Dropped)
    assert "acme.yaml" in dropped.problem


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
