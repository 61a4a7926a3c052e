"""The cluster's section: what it refuses, where, and why."""

import pytest

from hwagent.config import ConfigError, load_config
from hwagent.config.cluster import split_host_port


def load(tmp_path, text):
    file = tmp_path / "hwagent.yaml"
    file.write_text(f"cluster: {text}\n")
    return load_config(str(file)).cluster


def test_a_fleet_on_two_networks(tmp_path):
    cluster = load(
        tmp_path,
        "{networks: [{name: a, bind: 192.0.2.1}, {name: b, bind: '[fd00::1]:80'}],"
        " key_file: /k, parameters: {probe_interval: 500ms}, zone: [s1, r1]}",
    )
    assert [n.name for n in cluster.networks] == ["a", "b"]
    assert cluster.parameters.probe_interval == 0.5


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{networks: [{bind: 192.0.2.1}]}", "needs key_file"),
        ("{networks: [{bind: 127.0.0.1}, {bind: 127.0.0.2}]}", "two networks need names"),
        ("{networks: [{bind: 0.0.0.0}], encryption: none}", "set advertise"),
        ("{networks: [{bind: x}]}", "expected an address"),
        ("{networks: [{bind: '127.0.0.1:99999'}]}", "with or without a port"),
        ("{networks: [{bind: 127.0.0.1, advertise: host.example}]}", "expected an address"),
        ("{parameters: {probe_intervall: 1s}}", "did you mean 'probe_interval'"),
        ("{weight: -1}", "0 or more"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path, text, what):
    with pytest.raises(ConfigError, match=what) as caught:
        load(tmp_path, text)
    assert caught.value.place.line == 1
    assert caught.value.place.column > 1


@pytest.mark.parametrize(
    "text", ["{networks: [{bind: 127.0.0.1}]}", "{networks: [{bind: 192.0.2.1}], encryption: none}"]
)
def test_without_a_key_there_is_loopback_or_a_word_on_purpose(tmp_path, text):
    assert len(load(tmp_path, text).networks) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host", ("host", 7956)),
        ("10.0.0.1:80", ("10.0.0.1", 80)),
        ("fd00::1", ("fd00::1", 7956)),
        ("[fd00::1]", ("fd00::1", 7956)),
        ("[fd00::1]:80", ("fd00::1", 80)),
    ],
)
def test_seeds_are_written_as_people_write_them(text, expected):
    assert split_host_port(text, 7956) == expected


@pytest.mark.parametrize("text", ["", ":80", "host:x", "host:70000"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        split_host_port(text, 7956)
