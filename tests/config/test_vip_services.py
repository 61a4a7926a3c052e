"""Services with a virtual IP in the configuration: what cannot work is told with its place."""

from pathlib import Path

import pytest

from hwagent.config import Config, ConfigError, load_config
from hwagent.config.vip_services import Hook, services_of
from hwagent.vip.planning import plan_of
from hwagent.vip.protocol import Secrets

GOOD = """
host: h1
cluster: {encryption: none}
vips:
- {address: 10.0.0.100/24, interfaces: [eth0], group: db}
- address: 10.0.0.101/24
  interfaces: [eth0]
  group: db
  services:
    run: [haproxy.service]
- {address: 10.0.0.102/24, interfaces: [eth0]}
groups:
- name: db
  voters: {h1: [10.0.0.1], h2: [10.0.0.2], w1: [10.0.0.9]}
  services:
    run:
    - postgresql@16-main.service
    - start: [/usr/local/sbin/promote, --now]
      stop: [/usr/local/sbin/demote]
    start_timeout: 20s
    cooldown: 2m
    ready: {type: http, target: "http://127.0.0.1:8008/replica"}
"""


def load(tmp_path: Path, text: str) -> Config:
    (tmp_path / "hwagent.yaml").write_text(text)
    return load_config(str(tmp_path / "hwagent.yaml"))


def test_an_address_has_its_own_services_or_those_of_its_group(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    first, second, third = (services_of(config, vip) for vip in config.vips)
    hook = Hook(start=("/usr/local/sbin/promote", "--now"), stop=("/usr/local/sbin/demote",))
    assert first.run == ["postgresql@16-main.service", hook]
    assert first.ready is not None
    assert second.run == ["haproxy.service"]
    assert second.ready is None
    assert third.run == []


def test_the_holder_is_told_for_how_long_they_may_start(tmp_path: Path) -> None:
    vips = plan_of(load(tmp_path, GOOD), "h1", Secrets()).vips
    assert [(v.start_timeout, v.cooldown) for v in vips] == [(20, 120), (30, 60), (0, 0)]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("[haproxy.service]", "[haproxy]", 10, "expected a systemd unit such as"),
        ("[haproxy.service]", "[--now.service]", 10, "expected a systemd unit such as"),
        ("[haproxy.service]", "[7]", 10, "vips[1].services.run[0]"),
        ("[haproxy.service]", "[{}]", 10, "a hook needs 'start', 'stop' or both"),
        ("[haproxy.service]", "[{start: promote}]", 10, "Expected 'array'"),
        ("/usr/local/sbin/promote", "promote", 18, "expected an absolute path first"),
        ("/usr/local/sbin/demote", "/usr/../tmp/x", 19, "expected an absolute path first"),
        ("--now", '"a\\0b"', 18, "no NUL"),
        ("start_timeout: 20s", "start_timeout: 0s", 20, "more than 0 s"),
        ("cooldown: 2m", "cooldown: 2h", 21, "at most 3600 s"),
        ("cooldown: 2m", "cool_down: 2m", 21, "did you mean 'cooldown'"),
        ('target: "http://127.0.0.1:8008/replica"', "rise: 1", 22, "http needs 'target'"),
        ("interfaces: [eth0]}\ngroups", "interfaces: [eth0], services: {ready: {type: tcp, "
         'target: "127.0.0.1:1"}}}\ngroups', 11, "decides between the hosts of a group"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert says in str(caught.value)
    assert caught.value.place.line == line
