"""The audit: what is lost, what it costs, what would happen, and how it is shown."""

import math
import xml.etree.ElementTree as ElementTree
from itertools import combinations
from typing import NamedTuple

import pytest

from hwagent.cluster.weights import Host
from hwagent.config.topology import Reliability, Topology
from hwagent.config.units import Duration
from hwagent.daemon.whatif import capacities, shifts
from hwagent.testing.racks import Racks
from hwagent.topology.audit import Audit, Auditor
from hwagent.topology.dot import dot
from hwagent.topology.fleet import Fleet
from hwagent.topology.graph import Node, need
from hwagent.topology.reliability import DEFAULTS, MINUTES, Seen, learned, seen
from hwagent.topology.svg import svg
from hwagent.topology.tree import roots, tree
from hwagent.topology.view import topology
from hwagent.topology.whatif import components, what_if
from tests.cli.running import cli


def audit(fleet: Fleet, topology: Topology) -> Audit:
    return Auditor(fleet).audit(topology)


def racks(hosts: int = 4) -> tuple[Racks, Fleet]:
    made, fleet = Racks(3, hosts), Fleet()
    for host, nodes in made.parts():
        fleet.take(host, nodes)
    return made, fleet


def pair(*, spare: int) -> Fleet:
    fleet = Fleet()
    fleet.take("h", [Node(id="vip:1", needs=(need(2 - spare, ["psu:h/1", "psu:h/2"]),))])
    return fleet


def half(kind: str) -> Topology:
    """Each of a kind is broken half of the time."""
    year = Duration(365.25 * 86400)
    return Topology(
        reliability={kind: Reliability(failures_per_year=1, repair=year)},
        prices={kind: 100, "psu:h/2": 50},
    )


def test_minutes_are_those_of_each_alone_or_of_both_together():
    (alone, *_) = audit(pair(spare=0), half("psu")).services
    assert alone.minutes == pytest.approx(MINUTES * (0.5 + 0.5))
    (both, *_) = audit(pair(spare=1), half("psu")).services
    assert both.minutes == pytest.approx(MINUTES * 0.25)


def test_what_saves_the_most_for_its_money_comes_first():
    buy = audit(pair(spare=0), half("psu")).buy
    assert [(p.component, p.price) for p in buy] == [("psu:h/2", 50), ("psu:h/1", 100)]
    assert buy[0].minutes == pytest.approx(MINUTES * 0.5 * 0.5)
    assert buy[0].worth == pytest.approx(MINUTES * 0.25 / 50)


def test_what_costs_nothing_comes_before_all_and_what_has_no_price_after_all():
    prices = {"psu:h/1": 0.0}
    buy = audit(pair(spare=0), Topology(prices=prices)).buy
    assert [p.worth for p in buy] == [math.inf, None]


def test_experience_moves_the_default_as_far_as_it_goes():
    default = DEFAULTS["disk"].per_year
    month, decade = (learned({"disk": Seen(0, years)})["disk"] for years in (1 / 12, 1000))
    assert month.per_year == pytest.approx(default, rel=0.01)
    assert decade.per_year == pytest.approx(1 / (1 / default + 1000))
    often = learned(seen([("disk", 0, 3600)] * 40, {"disk": 100}, 86400 * 365.25))["disk"]
    assert 0.2 < often.per_year < 0.4
    assert often.repair < 3 * 3600


def test_redundancy_that_is_lost_is_told_with_what_stops_a_service_now():
    made, fleet = racks()
    part = [n for n in made.part("r1h1") if n.id != "nic:r1h1/eno1"]
    fleet.take("r1h1", [*part, Node(id="nic:r1h1/eno1", state="down")])
    found = audit(fleet, Topology())
    (lost,) = found.lost
    assert (lost.component, lost.working, lost.total) == ("bond:r1h1/bond0", 1, 2)
    host = next(s for s in found.services if s.id == "host:r1h1")
    assert "nic:r1h1/eno2" in host.now
    assert host.state == "up"


def test_after_each_change_an_auditor_tells_what_a_new_one_would():
    made, fleet = racks(2)
    auditor = Auditor(fleet)
    for host in ("r1h1", "r2h2", "r3h1"):
        for nodes in (made.part(host)[:-3], [], made.part(host)):
            fleet.take(host, nodes)
            for dead in ([], ["r1h2"]):
                again = auditor.audit(Topology(), dead)
                fresh = Fleet()
                for owner in made.names:
                    fresh.take(owner, nodes if owner == host else made.part(owner))
                assert again == Auditor(fresh).audit(Topology(), dead)


def test_what_is_alike_is_told():
    fleet = Fleet()
    disks = [f"disk:h/{n}" for n in range(3)]
    facts = (("batch", "ST S1"), ("firmware", "F1"), ("months", "40"))
    nodes = [Node(id=d, facts=facts[: 3 - n]) for n, d in enumerate(disks)]
    fleet.take("h", [Node(id="array:h/md0", needs=(need(2, disks),)), *nodes])
    shared = {(c.how, c.what) for c in audit(fleet, Topology()).common}
    assert shared == {("batch", "ST S1"), ("firmware", "F1")}, "one alone of 40 months"


@pytest.mark.parametrize(("second", "told"), [("Acme 1", True), ("Acme 2", False), ("", False)])
def test_legs_in_two_switches_of_the_same_software_have_that_in_common(second: str, told: bool):
    fleet = Fleet()
    facts = {"sw1": (("firmware", "Acme 1"),), "sw2": (("firmware", second),) if second else ()}
    nodes = [Node(id="vip:1", needs=(need(1, ["bond:h/b"]),)),
             Node(id="bond:h/b", needs=(need(1, ["nic:h/a", "nic:h/b"]),)),
             Node(id="nic:h/a", needs=(need(1, ["port:sw1/1"]),)),
             Node(id="port:sw1/1", needs=(need(1, ["switch:sw1"]),)),
             Node(id="nic:h/b", needs=(need(1, ["switch:sw2"]),))]  # fmt: skip
    fleet.take("h", [*nodes, *(Node(id=f"switch:{s}", facts=f) for s, f in facts.items())])
    alike = [c for c in audit(fleet, Topology()).common if c.how == "firmware"]
    assert [(c.what, c.of) for c in alike] == ([("Acme 1", ("bond:h/b",))] if told else [])


def test_if_a_rack_fails_only_the_addresses_that_it_holds_move_and_to_hosts_that_live():
    made, fleet = racks()
    down = fleet.graph.down({"rack:r2"})
    groups = [made.group(h) for h in made.names if h.startswith("r1")]
    held = {f"g-{hosts[0]}.1": hosts[n % 3] for n, hosts in enumerate(groups)}
    hosts = {name: Host(name) for name in made.names}
    moved = {s.vip: (s.source, s.target) for s in shifts(fleet.graph, down, hosts, held)}
    assert set(moved) == {vip for vip, host in held.items() if host.startswith("r2")}
    for vip, (source, target) in moved.items():
        assert source.startswith("r2")
        assert target in made.group(source)
        assert not target.startswith("r2"), vip


def test_if_one_of_two_switches_fails_nothing_moves():
    made, fleet = racks()
    down = fleet.graph.down({"switch:r2-sw1"})
    hosts = {name: Host(name) for name in made.names}
    held = {f"g-{h}.1": h for h in made.names if h.startswith("r1")}
    assert shifts(fleet.graph, down, hosts, held) == []
    follows = what_if(fleet, ["switch:r2-sw1"])
    assert follows.stops == ()
    assert {one.component for one in follows.lost} == {f"bond:r2h{n}/bond0" for n in range(1, 5)}
    assert "switch:r2-sw2" in follows.alone["host:r2h1"]


def test_capacity_is_told_for_the_worst_loss_of_one_and_of_two():
    fleet = Fleet()
    seats = [f"seat:h{n}/g" for n in range(3)]
    fleet.take("x", [Node(id="group:g", needs=(need(1, seats),))])
    hosts = {f"h{n}": Host(f"h{n}", load=load) for n, load in enumerate([0.6, 0.5, 0.4])}
    one, two = capacities(fleet.graph, hosts, 0.8)
    assert (one.case, one.used, one.enough) == ("N-1", pytest.approx(0.75), True)
    assert (two.case, two.used, two.enough) == ("N-2", pytest.approx(1.5), False)
    unknown = capacities(fleet.graph, {}, 0.8)
    assert [c.used for c in unknown] == [None, None]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("switch r1-sw1 down", ["switch:r1-sw1"]),
        ("site s1", ["site:s1"]),
        ("rack:r2, host r1h1 down and feed a", ["rack:r2", "host:r1h1", "feed:a"]),
        ("r1-sw2 fails", ["switch:r1-sw2"]),
    ],
)  # fmt: skip
def test_people_say_what_fails_in_their_words(text, wanted):
    assert components(racks(1)[1].graph, text) == wanted


def test_what_there_is_not_is_refused_with_what_there_is():
    graph = racks(1)[1].graph
    with pytest.raises(ValueError, match="switch:r1-sw1"):
        components(graph, "switch r1-sw11 down")
    with pytest.raises(ValueError, match="expected what fails"):
        components(graph, " , ")


def test_the_tree_shows_each_component_once_with_what_it_needs():
    shown = topology(racks(1)[1], ["r2h1"])
    lines = list(tree(shown["components"], roots(shown["components"], shown["services"])))
    assert [id for drawn, id, _ in lines if not drawn] == ["vip:g-r1h1.1"]
    text = "\n".join(drawn + id + said for drawn, id, said in lines)
    assert "host:r2h1down" in text
    assert text.count("host:r1h1 (above)") == 1
    assert "1 of 2" in text
    assert "2 of 3" in text
    assert "site:s1single point of failure" in text


def test_the_drawing_is_well_formed_and_marks_what_is_alone_and_what_is_down():
    made, fleet = racks(2)
    fleet.take("r1h1", [n for n in made.part("r1h1") if not n.id.startswith("nic:")])
    text = svg(topology(fleet, ["r2h1"]))
    ElementTree.fromstring(text)
    assert "single point of failure: site:s1" in text
    assert text.count("line-through") >= 1
    for name in made.names:
        assert f">{name}</text>" in text or f"{name}</text>" in text
    hostile = Fleet()
    hostile.take("h", [Node(id='host:<a&"b>', needs=(need(1, ["rack:<r>"]),))])
    ElementTree.fromstring(svg(topology(hostile)))
    ElementTree.fromstring(svg(topology(Fleet())))


#: As elements of a drawing are called.
SVG = "{http://www.w3.org/2000/svg}"


class Written(NamedTuple):
    """Where a text of a drawing stands, as wide as letters are at most on average."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    def overlaps(self, other: "Written") -> bool:
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)


def written(drawing: str) -> list[Written]:
    found = []
    for element in ElementTree.fromstring(drawing).iter(f"{SVG}text"):
        title, size = element.find(f"{SVG}title"), float(element.get("font-size", ""))
        words = (element.text if title is None else title.tail) or ""
        x, y = float(element.get("x", "")), float(element.get("y", ""))
        width = len(words) * size * 0.54
        left = x - width if element.get("text-anchor") == "end" else x
        found.append(Written(words, left, left + width, y - 0.7 * size, y + 0.2 * size))
    return found


def crowded() -> Fleet:
    """Long names, many of everything."""
    fleet = Fleet()
    for rack in range(5):
        name = f"a-rack-with-a-name-as-long-as-some-{rack}"
        place = [
            Node(id=f"rack:{name}", needs=(need(1, ["room:the-basement-of-building-7"]),)),
            Node(id="room:the-basement-of-building-7", needs=(need(1, ["site:frankfurt"]),)),
        ]
        for number in range(4):
            host = f"database-server-{rack}-{number}.example.org"
            psus, nics, disks = (
                [f"{kind}:{host}/{n}" for n in range(count)]
                for kind, count in (("psu", 7), ("nic", 12), ("disk", 2))
            )
            needs = (need(1, psus), need(1, nics), need(1, [f"rack:{name}"]),
                     need(1, [f"array:{host}/md{rack}{number}"]))  # fmt: skip
            nodes = [Node(id=f"host:{host}", needs=needs), *place]
            nodes += [Node(id=p, needs=(need(1, [f"feed:{rack}-{n}-of-the-ups"]),))
                      for n, p in enumerate(psus)]  # fmt: skip
            nodes += [Node(id=n, needs=(need(1, [f"switch:sw{rack}"]),)) for n in nics]
            nodes += [
                Node(id=f"array:{host}/md{rack}{number}", needs=(need(1, disks),)),
                Node(id=f"switch:sw{rack}", needs=(need(1, [f"rack:{name}"]),)),
            ]
            nodes += [
                Node(id=f"vip:192.0.2.{rack}{number}", needs=(need(1, [f"group:{'g' * 50}"]),)),
                Node(id=f"group:{'g' * 50}", needs=(need(1, [f"host:{host}"]),)),
            ]
            fleet.take(host, nodes)
    return fleet


@pytest.mark.parametrize("fleet", [racks(2)[1], crowded(), Fleet()], ids=["racks", "crowd", "none"])
def test_nothing_in_the_drawing_overlaps_or_leaves_it(fleet: Fleet) -> None:
    drawing = svg(topology(fleet, ["r2h1"]))
    width = float(ElementTree.fromstring(drawing).get("width", ""))
    texts = written(drawing)
    assert [t for t in texts if t.left < 0 or t.right > width] == []
    assert [(a.text, b.text) for a, b in combinations(texts, 2) if a.overlaps(b)] == []


def test_graphviz_gets_every_component_and_gate():
    lines = list(dot(topology(racks(1)[1])["components"]))
    assert lines[0].startswith("digraph")
    assert any('"switch:r1-sw1" [label=' in line for line in lines)
    assert any("1 of 2" in line and "diamond" in line for line in lines)


def test_the_commands_work_on_a_file_without_any_agent(tmp_path):
    file = tmp_path / "racks.yaml"
    file.write_text(
        "topology:\n  hosts:\n    h1: {rack: r1, nics: {eno1: sw1}}\n"
        "    h2: {rack: r2, nics: {eno1: sw2}}\n"
    )
    done = cli("audit", "--config", str(file), "-o", "json")
    assert done.code == 1
    services = {s["id"]: s for s in done.json["services"]}
    assert [a["component"] for a in services["fleet:all"]["alone"]] == []
    assert services["fleet:all"]["pairs_total"] > 0
    refused = cli("audit", "--config", str(file), "--what-if", "switch sw3")
    assert refused.code == 3
    assert "switch:sw2" in refused.err or "switch:sw1" in refused.err
    assert "switch:sw1" in cli("topology", "--config", str(file), "host:h1").out
    assert cli("topology", "--config", str(file), "-o", "svg").out.startswith("<svg")
    assert "no component 'host:h9'" in cli("topology", "--config", str(file), "host:h9").err
