"""Configuration: defaults, drop-ins, and errors that name file, line, path and the right word."""

import re
from pathlib import Path

import pytest

from hwagent.config import ConfigError, load_config, shipped
from hwagent.model import Mode


def write(directory: Path, **files: str) -> str:
    for name, text in files.items():
        (directory / name.replace("_yaml", ".yaml")).write_text(text)
    return str(directory / "hwagent.yaml")


def error(tmp_path: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, hwagent_yaml=text), ["smart", "nic"])
    return caught.value


def test_shipped_file_works_unedited_and_says_nothing_new():
    config = load_config(str(shipped() / "hwagent.yaml"))
    assert config.mode is Mode.OBSERVE
    assert config.vips == []


def test_every_commented_key_of_the_shipped_file_is_accepted(tmp_path):
    shipped_lines = (shipped() / "hwagent.yaml").read_text().splitlines()
    # "#key: value" is a default that may be uncommented, "# text" is prose
    lines = [re.sub(r"^#(?=[^ ]|  )", "", line) for line in shipped_lines]
    config = load_config(write(tmp_path, hwagent_yaml="\n".join(lines)))
    assert config.vips[0].address == "192.0.2.10/24"
    assert [s.name for s in config.services] == ["web", "db"]
    assert config.notify.alertmanager[0].url == "http://127.0.0.1:9093"


def test_drop_ins_join_mappings_append_lists_and_replace_values(tmp_path):
    path = write(
        tmp_path,
        hwagent_yaml="mode: observe\nvips: [{address: 10.0.0.1/24, interfaces: [a]}]\n"
        "limits: {tries: 5}\n",
    )
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "10.yaml").write_text(
        "mode: act\nlimits: {rebuilds: 2}\nvips: [{address: 10.0.0.2/24, interfaces: [b]}]\n"
    )
    config = load_config(path)
    assert config.mode is Mode.ACT
    assert (config.limits.tries, config.limits.rebuilds) == (5, 2)
    assert [v.address for v in config.vips] == ["10.0.0.1/24", "10.0.0.2/24"]


def test_an_error_in_a_drop_in_names_the_drop_in(tmp_path):
    path = write(tmp_path, hwagent_yaml="vips: [{address: 10.0.0.1/24, interfaces: [a]}]\n")
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "10.yaml").write_text(
        "\nvips:\n- {address: 10.0.0.2, interfaces: [b]}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value.place) == f"{tmp_path}/conf.d/10.yaml:3:13"
    assert "prefix length" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("mode: acting\n", 1, "Invalid enum value 'acting' at mode; did you mean 'act'?"),
        ("mode: x\n", 1, "known are act, dry_run, observe"),
        ("limits:\n  retries: 3\n", 2, "did you mean 'tries'"),
        ("fitness: {ttl: 5}\n", 1, "5 has no unit"),
        ("fitness: {ttl: 5 parsecs}\n", 1, "units are ms, s, m"),
        ("journal: {max_size: big}\n", 1, "units are B, KiB"),
        ("collectors: {smrt: {interval: 1h}}\n", 1, "did you mean 'smart'"),
        ("\nvips:\n- address: 10.0.0.300/24\n  interfaces: [a]\n", 3, "expected an address"),
        ("vips:\n- {address: 10.0.0.1/24, interfaces: []}\n", 2, "at least one interface"),
        ("vips:\n- {address: 10.0.0.1/24, interfaces: ['../x']}\n", 2, "not an interface name"),
        ("services:\n- {name: a, type: exec, target: x}\n", 2, "needs 'command'"),
        (
            "services:\n- {name: a, type: ping, target: x}\n",
            2,
            "known are exec, file, http, tcp, unit",
        ),
        ("mode: act\nmode: observe\n", 2, "stands twice"),
        ("mode: [act\n", 2, "not valid YAML"),
        ("- a\n", 1, "Expected 'object', got 'array'"),
    ],
)
def test_a_wrong_file_names_line_and_remedy(tmp_path, text, line, says):
    caught = error(tmp_path, text)
    assert says in str(caught)
    assert caught.place.line == line
    assert caught.place.file.endswith("hwagent.yaml")


def test_the_same_address_twice_is_an_error(tmp_path):
    vip = "{address: 10.0.0.1/24, interfaces: [a]}"
    assert "10.0.0.1 stands twice" in str(error(tmp_path, f"vips: [{vip}, {vip}]\n"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load_config(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("bmc", "what"),
    [
        ("{name: ipmi, address: h}", "'ipmi' is taken"),
        ("{name: 'a b', address: h}", "a name has letters"),
        ("{name: b1, address: h, user: u}", "needs 'password_file'"),
        ("{name: b1, address: h, protocol: ipmi}", "IPMI over LAN needs"),
        ("{name: b1, address: h, port: 99999}", "no port"),
        ("{name: sw1, address: h}", "'sw1' is taken"),
    ],
)
def test_a_bmc_that_cannot_be_asked_is_an_error(tmp_path, bmc, what):
    switch = "switches: [{name: sw1, address: h, community_file: f}]\n"
    assert what in str(error(tmp_path, f"{switch}bmcs: [{bmc}]"))
