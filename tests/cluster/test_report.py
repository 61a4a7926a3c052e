"""A host's status, gossiped and read again; and what one member says of the fleet."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hwagent.cluster.codec import encode
from hwagent.cluster.fleet import Fleet, members, rtt
from hwagent.cluster.report import LISTED, Report, make, read, values
from hwagent.cluster.status import CHANGE_MAX, Board
from hwagent.model import Alert, AlertState, Component, Health, Severity
from tests.cluster.sim import SealedNet


def component(id: str, health: Health, reason: str = "") -> Component:
    return Component(
        id=id, kind="disk", health=health, reason=reason, attributes={}, metrics={"x": 1}
    )


def alert(rule: str, severity: Severity = Severity.WARNING, **more: object) -> Alert:
    return Alert(
        rule=rule, component="disk:a", kind="disk", severity=severity, since=1.5,
        state=more.pop("state", AlertState.FIRING), summary="it is bad", **more,
    )  # fmt: skip


def test_what_is_told_is_what_is_heard():
    report = make(
        [component("disk:a", Health.FAILED, "smart says no"), component("disk:b", Health.OK)],
        [alert("DiskBad", Severity.CRITICAL), alert("Late", state=AlertState.PENDING)],
        [{"address": "10.0.0.1/24", "state": "held", "interface": "eth0"}],
    )
    report.health, report.mode, report.load, report.unfit = Health.FAILED, "act", 0.33, "DiskBad"
    heard = read(values(report))
    assert heard.health is Health.FAILED
    assert heard.counts == {"failed": 1, "ok": 1}
    assert heard.failing == {"disk:a": "failed: smart says no"}
    assert [(a["rule"], a["severity"], a["summary"]) for a in heard.alerts] == [
        ("DiskBad", "critical", "it is bad")
    ]
    assert heard.vips == {"10.0.0.1/24": "held eth0"}
    assert (heard.mode, heard.unfit, heard.load) == ("act", "DiskBad", 0.35)


def test_a_load_that_hardly_moves_is_not_told_anew():
    assert values(Report(load=0.51)) == values(Report(load=0.49))


def test_of_very_many_alerts_the_worst_are_listed_and_the_rest_counted():
    alerts = [alert(f"r{i}") for i in range(LISTED)] + [alert("worst", Severity.CRITICAL)]
    heard = read(values(make([], alerts, [])))
    assert len(heard.alerts) == LISTED
    assert "worst" in {a["rule"] for a in heard.alerts}
    assert heard.unlisted == 1


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=400))
def test_whatever_the_texts_are_each_change_fits_into_a_packet(id, reason, summary):
    report = make([component(id, Health.FAILED, reason)], [alert("R", inhibited_by="")], [])
    report.alerts[0]["summary"] = summary
    board = Board("h" * 40, 1, 0, own=True)
    board.write(values(report))
    for delta in board.deltas(0, 0, 1352):
        assert len(encode(delta)) <= CHANGE_MAX or len(delta.changes) > 1


def test_what_another_version_put_there_is_left_out():
    heard = read({"health": "excellent", "load": "high", "alert:x": "?", "new": 7, "count:ok": 3})
    assert heard.health is Health.UNKNOWN
    assert heard.load == 0.0
    assert heard.alerts == []
    assert heard.counts == {"ok": 3}


def test_any_member_answers_for_the_fleet_and_says_how_old_that_is():
    net = SealedNet(40)
    nodes = net.group(5)
    for node in nodes:
        report = make([component("disk:a", Health.FAILED, "x")], [alert("DiskBad")], [])
        report.health = Health.FAILED
        node.act(node.core.publish(net.now, values(report)))
    net.run(20)
    net.kill(nodes[4])
    net.run(60)
    for node in nodes[:4]:
        rows = {row["name"]: row for row in Fleet().told(node.core, net.now)}
        assert {r["health"] for n, r in rows.items() if n != "n4"} == {"failed"}
        assert all(r["alerts"][0]["rule"] == "DiskBad" for r in rows.values())
        assert rows[node.name]["age"] == 0
        assert all(r["age"] < 35 for n, r in rows.items() if n != "n4"), "confirmed since"
        gone = rows["n4"]
        assert (gone["status"], gone["health"], gone["last_health"]) == (
            "failed", "unknown", "failed",
        )  # fmt: skip
        assert gone["age"] > 40
        assert "accused by" in gone["reason"]
        assert msgspec.json.encode(rows)


def test_who_has_said_nothing_yet_has_no_age():
    net = SealedNet(41)
    nodes = net.group(2)
    (_, other) = Fleet().told(nodes[0].core, net.now)
    assert other["age"] is None
    assert other["health"] == "unknown"
    assert [m["self"] for m in members(nodes[0].core, net.now)] == [True, False]


def test_a_row_is_made_anew_only_for_who_said_something_new_or_is_seen_otherwise():
    net = SealedNet(43)
    one, two, three = net.group(3)
    two.act(two.core.publish(net.now, values(Report(mode="act"))))
    net.run(5)
    fleet = Fleet()
    before = fleet.rows(one.core)
    assert [row["mode"] for row in before] == ["", "act", ""]
    assert all(a is b for a, b in zip(before, fleet.rows(one.core)))
    two.act(two.core.publish(net.now, values(Report(mode="observe"))))
    net.run(5)
    after = fleet.rows(one.core)
    assert [a is b for a, b in zip(before, after)] == [True, False, True]
    assert after[1]["mode"] == "observe"
    three.act(three.core.leave(net.now))
    net.run(5)
    last = fleet.rows(one.core)
    assert (last[2]["status"], last[2]["health"]) == ("left", "unknown")
    assert last[1] is after[1]


def test_round_trip_times_are_measured_or_estimated():
    net = SealedNet(42)
    net.delay = (0.004, 0.006)
    nodes = net.group(4)
    net.run(120)
    core = nodes[0].core
    assert rtt(core, "n0", "n1")["how"] == "measured"
    assert 0.008 <= rtt(core, "n0", "n1")["seconds"] <= 0.012
    assert rtt(core, "n1", "n0") == rtt(core, "n0", "n1")
    estimate = rtt(core, "n1", "n2")
    assert estimate["how"] == "estimated"
    assert 0.004 <= estimate["seconds"] <= 0.02
    assert rtt(core, "n1", "nobody") is None
