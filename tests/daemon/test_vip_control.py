"""A move as it is told to who asked for it: it came about, or who has the address still."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from hwagent.api.backend import Refused
from hwagent.config import Config, Group, Vip
from hwagent.daemon import vip_control
from hwagent.daemon.vip_control import VipControl

VIP = "10.0.0.10/24"
GROUP = Group(
    name="web",
    voters={"h1": ("10.0.0.1",), "h2": ("10.0.0.2",), "h3": ("10.0.0.3",)},
    members={"m": ("10.0.0.4",)},
)


class Desk:
    """A host of the group that holds the address, without gossip; its holder is played."""

    def __init__(self, host: str, *after: tuple[str, str, str]) -> None:
        self.state, self.after = ("held", "", ""), list(after)
        self.asked: list[str] = []
        vip = Vip(address=VIP, interfaces=("eth0",), group="web")
        agent: Any = SimpleNamespace(
            host=host,
            config=Config(vips=(vip,), groups=(GROUP,)),
            holding=SimpleNamespace(move=self._move),
            gossip=SimpleNamespace(node=None, fleet=list),
            core=SimpleNamespace(decrees=SimpleNamespace(pins=lambda now: {})),
            clock=SimpleNamespace(now=lambda: 0.0),
            note=lambda what, arguments: None,
            vips=self._vips,
        )
        self.control = VipControl(agent)

    def move(self) -> Any:
        return asyncio.run(self.control.move({"address": VIP, "to": "h2"}))

    async def _move(self, address: str, successor: str) -> None:
        self.asked.append(successor)
        self.state = self.after.pop(0) if self.after else self.state

    def _vips(self) -> list[dict[str, str]]:
        state, holder, reason = self.state
        return [{"address": VIP, "state": state, "holder": holder, "reason": reason}]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TAKEN", 0.04), ("ASK_EVERY", 0.01), ("PAUSE", 0.001)):
        monkeypatch.setattr(vip_control, name, value)


def test_a_voter_says_that_it_moved_when_the_other_host_holds_it() -> None:
    desk = Desk("h1", ("held", "", ""), ("released", "h2", "held by h2"))
    assert desk.move() == {"address": VIP, "to": "h2"}
    assert desk.asked == ["h2", "h2"], "an offer that nobody accepts is made again"


@pytest.mark.parametrize("host", ["h1", "m"])
def test_what_the_other_host_does_not_take_is_told_to_be_where_it_was(host: str) -> None:
    with pytest.raises(Refused, match=f"h2 has not taken {VIP}, {host} has it"):
        Desk(host).move()


def test_a_voter_tells_who_else_has_it() -> None:
    with pytest.raises(Refused, match=f"h2 has not taken {VIP}, h3 has it"):
        Desk("h1", ("released", "h3", "held by h3")).move()


def test_without_vote_and_fleet_the_others_acceptance_is_what_counts() -> None:
    assert Desk("m", ("released", "", "moved to h2")).move() == {"address": VIP, "to": "h2"}
    with pytest.raises(Refused, match="it is not known here whether h2 has taken"):
        Desk("m", ("released", "", "moved to h3")).move()


def test_a_voter_waits_until_it_knows_though_it_was_accepted() -> None:
    with pytest.raises(Refused, match="it is not known here"):
        Desk("h1", ("released", "", "moved to h2")).move()
