"""Groups in the configuration: what cannot work is told with its place."""

from pathlib import Path

import pytest

from hwagent.config import Config, ConfigError, load_config
from hwagent.config.groups import unsafe

GOOD = """
host: h1
cluster: {encryption: none}
vips: [{address: 10.0.0.100/24, interfaces: [eth0], group: web}]
groups:
- name: web
  voters: {h1: [10.0.0.1], h2: [10.0.0.2], w1: [10.0.0.9]}
"""


ANY = "name: web\n  quorum: any\n  gateway:"


def load(tmp_path: Path, text: str) -> Config:
    (tmp_path / "hwagent.yaml").write_text(text)
    return load_config(str(tmp_path / "hwagent.yaml"))


def test_a_group_of_three_voters_has_keepalived_like_times(tmp_path: Path) -> None:
    [group] = load(tmp_path, GOOD).groups
    assert group.voters["w1"] == ("10.0.0.9",)
    assert (float(group.interval), float(group.lease)) == (0.1, 0.28)
    assert group.quorum == "majority"


def test_what_may_have_two_owners_is_unsafe_with_and_without_a_gateway(tmp_path: Path) -> None:
    [safe] = load(tmp_path, GOOD).groups
    assert unsafe(safe) == ""
    [tied] = load(tmp_path, GOOD.replace("name: web", f"{ANY} 10.0.0.254")).groups
    assert unsafe(tied) == "quorum is any: a cut network can give an address two owners"
    [alone] = load(tmp_path, GOOD.replace("name: web", "name: web\n  quorum: any")).groups
    assert unsafe(alone).endswith("and no gateway breaks the tie")


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("group: web", "group: wbe", 4, "no group 'wbe' at vips[0].group; did you mean 'web'"),
        ("host: h1", "host: h3", 2, "neither voter nor member of 'web' at host; did you mean"),
        ("[10.0.0.9]", "[10.0.0]", 7, "expected an IP address without prefix length"),
        ("[10.0.0.9]", "[]", 7, "'w1' has no address"),
        ("[10.0.0.9]", "[10.0.0.1]", 7, "10.0.0.1 is the address of 'h1' too"),
        ("name: web", "name: web\n  witnesses: [w2]", 7, "'w2' is no voter"),
        ("name: web", "name: web\n  lease: 150ms", 7, "leaves no second try"),
        ("name: web", "name: web\n  lease: 2s", 6, "shorter than this one of 2 s"),
        ("name: web", "name: web\n  interval: 1ms", 7, "shorter than 5 ms"),
        ("name: web", "name: web\n  slew: 3", 7, "expected a ratio from 0 to 0.2"),
        ("name: web", "name: web\n  quorum: none", 7, "known are any, majority"),
        ("name: web", "name: web\n  gateway: 10.0.0.254", 7, "a majority needs no gateway"),
        ("name: web", f"{ANY} 10.0.0", 8, "expected an IP address without prefix length"),
        ("name: web", f"{ANY} fe80::1", 8, "is another host on every link"),
        ("name: web", f"{ANY} 10.0.0.2", 8, "is the address of 'h2': its answer says nothing"),
        ("name: web", f"{ANY} 10.0.0.100", 4, "is the gateway of 'web'"),
        ("name: web", "name: web\n  previous_longest: 2s", 7, "expected `previous` with it"),
    ],
)
def test_what_cannot_work_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert says in str(caught.value)
    assert caught.value.place.line == line
