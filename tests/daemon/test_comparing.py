"""Members that are configured otherwise: found on both sides, by name, and what differs."""

from typing import Any

import msgspec
import pytest

from hwagent.cluster.report import Report, read, values
from hwagent.config import Config, convert, parse
from hwagent.daemon.comparing import differences, finding, setups
from hwagent.daemon.fleetwide import rules_of

VOTERS = {"h1": ["10.0.0.1"], "h2": ["10.0.0.2"], "h3": ["10.0.0.3"]}


def config(**parts: Any) -> Config:
    """One group of three; ``parts`` change the group, ``vips`` and ``fleet`` the rest."""
    vips = parts.pop("vips", ["10.0.0.10/24", "10.0.0.11/24"])
    data = {
        "cluster": {"networks": [{"bind": "127.0.0.1"}]},
        "limits": {"fleet": parts.pop("fleet", {})},
        "vips": [{"address": a, "interfaces": ["eth0"], "group": "web"} for a in vips],
        "groups": [{"name": "web", "voters": VOTERS, **parts}],
    }
    return convert(parse(msgspec.json.encode(data), "test"), Config)


def told(config: Config) -> dict[str, str]:
    rules = rules_of(config)
    return setups(config, rules.voters if rules else ())


def row(config: Config, name: str = "h2") -> dict[str, Any]:
    """What others hear of a host, by way of the wire."""
    report = Report(setup=told(config), vips={v.address: "released" for v in config.vips})
    return {"name": name, **msgspec.to_builtins(read(values(report)))}


def differs(here: Config, there: Config) -> list[str]:
    return differences(here, told(here), row(there))


def test_hosts_that_are_configured_alike_are_told_apart_by_nothing():
    same = config(vips=["10.0.0.11/24", "10.0.0.10/24"])
    assert differs(config(), same) == []
    assert finding("h1", "h2", []).metrics["differs"] == 0


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"lease": "500ms"}, "group web: lease is 280 ms here, 500 ms there"),
        ({"quorum": "any"}, "group web: quorum is majority here, any there"),
        ({"fleet": {"lease": "1m"}}, "limits: lease is 30000 ms here, 60000 ms there"),
        ({"fleet": {"rebuilds": 2}}, "limits: rebuilds is 1 here, 2 there"),
        ({"fleet": {"voters": ["h1"]}}, "limits: voters are h1 h2 h3 here, h1 there"),
        ({"vips": ["10.0.0.10/24"]}, "group web: 10.0.0.11/24 only here"),
        (
            {"vips": ["10.0.0.10/24", "10.0.0.12/24"]},
            "group web: 10.0.0.11/24 only here, 10.0.0.12/24 only there",
        ),
    ],
)
def test_what_differs_is_named(change, what):
    assert differs(config(), config(**change)) == [what]


def test_other_voters_are_named_and_other_addresses_of_theirs():
    fewer = {name: VOTERS[name] for name in ("h1", "h2")}
    found = differs(config(), config(voters=fewer))
    assert "group web: voters are h1 h2 h3 here, h1 h2 there" in found
    moved = {**VOTERS, "h3": ["10.9.9.9"]}
    found = differs(config(), config(voters=moved))
    assert found == ["group web: other addresses for the voters h1 h2 h3"]


def test_a_change_of_voters_that_is_declared_is_no_difference_while_it_is_rolled_out():
    more = {**VOTERS, "h4": ["10.0.0.4"], "h5": ["10.0.0.5"]}
    old, both, new = config(), config(voters=more, previous=VOTERS), config(voters=more)
    for here, there in ((old, both), (both, old), (both, new), (new, both)):
        assert not [d for d in differs(here, there) if d.startswith("group")], (here, there)
    assert [d for d in differs(old, new) if "voters are" in d]


def test_a_member_of_the_group_without_the_group_is_found_and_one_outside_it_is_not():
    other = msgspec.convert(
        {
            "cluster": {"networks": [{"bind": "127.0.0.1"}]},
            "limits": {"fleet": {"voters": ["h1", "h2", "h3"]}},
        },
        Config,
    )
    here = config()
    assert differences(here, told(here), row(other)) == ["group web: not configured there"]
    assert differences(here, told(here), row(other, "h9")) == []


def test_a_member_of_an_older_version_tells_nothing_and_is_not_accused():
    assert differences(config(), told(config()), {"name": "h2", "setup": {}}) == []
    assert differences(config(), told(config()), {"name": "h2"}) == []
    strange = {"name": "h2", "setup": {"group web": "?", "limits": "[]"}}
    assert differences(config(), told(config()), strange) == ["group web: not configured there"]
