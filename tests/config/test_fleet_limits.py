"""The limits of a fleet: what they are by default, and what is refused, where, and why."""

import pytest

from hwagent.config import ConfigError, load_config
from hwagent.daemon.fleetwide import rules_of


def load(tmp_path, text):
    file = tmp_path / "hwagent.yaml"
    file.write_text(text)
    return load_config(str(file))


def test_a_fleet_whose_voters_are_those_of_its_first_group(tmp_path):
    config = load(
        tmp_path,
        "host: h1\ncluster: {networks: [{bind: 127.0.0.1}], encryption: none}\n"
        "groups: [{name: web, voters: {h1: [10.0.0.1], h2: [10.0.0.2], h3: [10.0.0.3]}}]\n",
    )
    rules = rules_of(config)
    assert rules.voters == ("h1", "h2", "h3")
    assert rules.kinds == {"rebuild": 1, "disruptive": 8}
    assert rules.lease == 30


@pytest.mark.parametrize(
    "text", ["mode: act\n", "limits: {fleet: {voters: [h1, h2, h3]}}\n",
             "cluster: {networks: [{bind: 127.0.0.1}]}\n"],
)  # fmt: skip
def test_without_networks_or_voters_each_host_has_its_own_limits_only(tmp_path, text):
    assert rules_of(load(tmp_path, text)) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{voters: [h1, h1]}", "another name, not 'h1'"),
        ("{previous: [h1]}", "no voters that could replace"),
        ("{rebuilds: 0}", "expected 1 to 64"),
        ("{disruptive_per_hour: 65}", "expected 1 to 64"),
        ("{lease: 100ms}", "1s to 1h"),
        ("{storm: {share: 2}}", "from 0 to 1"),
        ("{storm: {members: 1}}", "one host is no storm"),
        ("{storm: {windows: 1m}}", "did you mean 'window'"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path, text, what):
    with pytest.raises(ConfigError, match=what) as caught:
        load(tmp_path, f"limits: {{fleet: {text}}}\n")
    assert caught.value.place.line == 1
    assert caught.value.place.column > 1
