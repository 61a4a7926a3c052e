"""``hwagent alerts``: what explains others stands above them."""

import pytest

from hwagent.cli.show import print_alerts


def alert(rule: str, component: str, severity: str = "warning", by: str = "") -> dict[str, object]:
    return {
        "rule": rule, "component": component, "severity": severity, "state": "firing",
        "since": 0.0, "summary": f"{component} is unwell", "inhibited_by": by,
    }  # fmt: skip


def shown(capsys: pytest.CaptureFixture[str], *alerts: dict[str, object]) -> list[str]:
    print_alerts(list(alerts), 60.0)
    lines = capsys.readouterr().out.splitlines()
    begin, end = lines[0].index("ALERT"), lines[0].index("COMPONENT")
    return [line[begin:end].rstrip() for line in lines[1:]]


def test_what_an_alert_explains_stands_beneath_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(
        capsys,
        alert("PortDown", "port:sw1/2", by="SwitchUnreachable switch:sw1"),
        alert("DiskHot", "disk:a"),
        alert("ModuleWarm", "nic:e", by="ModuleHot"),
        alert("ModuleHot", "nic:e", "critical", by="NicBurns"),
        alert("SwitchUnreachable", "switch:sw1", "critical"),
    ) == ["ModuleHot", "└─ ModuleWarm", "SwitchUnreachable", "└─ PortDown", "DiskHot"]


def test_none_is_lost_by_causes_that_are_not_there_or_go_in_a_circle(
    capsys: pytest.CaptureFixture[str],
) -> None:
    circle = (alert("A", "x:1", by="B"), alert("B", "x:1", by="A"))
    assert shown(capsys, *circle) == ["└─ A", "└─ B"]
    assert shown(capsys, alert("C", "x:1", by="Gone x:2")) == ["C"]
    deep = (alert("C", "x:1", by="B"), alert("B", "x:1", by="A"), alert("A", "x:1"))
    assert shown(capsys, *deep) == ["A", "└─ B", "   └─ C"]
