"""pytest plugin: simulated servers for tests of your own rules.

``hwagent_server`` builds a server under the test's own directory; ``hwagent_look`` judges it as
``hwagent collect`` would. ::

    def test_my_rule(hwagent_server, hwagent_look):
        server = hwagent_server(disks=[{"name": "sda", "pending_sectors": 8}])
        assert "MyRule" in [a.rule for a in hwagent_look(server, rules="rules.d").alerts]
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hwagent.daemon.oneshot import Look

    from .server import Server


@pytest.fixture
def hwagent_server(tmp_path: Path) -> "Callable[..., Server]":
    """Builds a simulated server: ``hwagent_server(disks=[...], nics=[...])``."""

    def build(**parts: Any) -> "Server":
        from .server import Server

        return Server.build(tmp_path / "host", **parts)

    return build


@pytest.fixture
def hwagent_look() -> "Callable[..., Look]":
    """Judges a simulated server with the shipped rules, and those of a directory."""

    def judge(server: "Server", rules: str = "") -> "Look":
        from hwagent.collect.root import Root
        from hwagent.config import Config
        from hwagent.daemon.loading import rule_set
        from hwagent.daemon.oneshot import look

        config = Config()
        extra = [Path(rules)] if rules else []
        return look(Root(server.tree.path), config, rule_set(config, extra))

    return judge


@pytest.fixture
def hwagent_scenario(tmp_path: Path) -> "Callable[..., list[Any]]":
    """Runs a scenario file (or a shipped one by name); returns all that happened."""

    def run(scenario: str) -> list[Any]:
        from .scenario import load_scenario
        from .simulation import Simulation

        return list(Simulation(load_scenario(scenario), tmp_path / "host").run())

    return run
