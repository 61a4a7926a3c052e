"""Which alerts make a host unfit for virtual IPs."""

import pytest

from hwagent.config import Config
from hwagent.config.schema import Fitness
from hwagent.daemon.fitness import Verdict, fitness
from hwagent.model import Alert, AlertState, Mode, Severity

FIT = Verdict(True, "")
ACTS = Config(mode=Mode.ACT)


def alert(
    rule: str = "ServiceDown",
    kind: str = "service",
    severity: Severity = Severity.CRITICAL,
    state: AlertState = AlertState.FIRING,
    inhibited_by: str = "",
) -> Alert:
    """An alert on one component of its kind."""
    return Alert(
        rule=rule,
        component=f"{kind}:x",
        kind=kind,
        state=state,
        severity=severity,
        since=0.0,
        inhibited_by=inhibited_by,
    )


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.DRY_RUN])
def test_an_agent_that_does_not_act_holds_nothing(mode: Mode) -> None:
    verdict = fitness(Config(mode=mode), [])
    assert not verdict.fit
    assert mode in verdict.reason


def test_nothing_wrong_is_fit() -> None:
    assert fitness(ACTS, []) == FIT


def test_a_critical_alert_of_a_kind_that_counts_is_not() -> None:
    assert fitness(ACTS, [alert()]) == Verdict(False, "ServiceDown on service:x")


@pytest.mark.parametrize(
    "harmless",
    [
        alert(severity=Severity.WARNING),
        alert(kind="psu"),
        alert(state=AlertState.PENDING),
        alert(state=AlertState.RESOLVED),
        alert(inhibited_by="HostDown"),
    ],
    ids=["warning", "other kind", "pending", "resolved", "explained"],
)
def test_these_do_not_count(harmless: Alert) -> None:
    assert fitness(ACTS, [harmless]) == FIT
    assert not fitness(ACTS, [harmless, alert()]).fit


def test_a_rule_that_is_named_counts_whatever_its_kind_and_severity() -> None:
    config = Config(mode=Mode.ACT, fitness=Fitness(rules=["PsuLost"]))
    mild = alert("PsuLost", "psu", Severity.INFO)
    assert fitness(config, [mild]) == Verdict(False, "PsuLost on psu:x")
    assert fitness(ACTS, [mild]) == FIT


def test_the_severity_that_counts_is_the_configurations() -> None:
    config = Config(mode=Mode.ACT, fitness=Fitness(severity=Severity.WARNING))
    assert not fitness(config, [alert(severity=Severity.WARNING)]).fit
    assert fitness(config, [alert(severity=Severity.INFO)]) == FIT


def test_maintenance_comes_before_all() -> None:
    assert fitness(ACTS, [alert()], "new fans") == Verdict(False, "maintenance: new fans")
