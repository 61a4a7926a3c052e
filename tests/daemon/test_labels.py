"""Rows of virtual IPs say what the holder does not know."""

from typing import Any

from hwagent.config import Config, Group
from hwagent.daemon.fitness import Verdict
from hwagent.daemon.labels import label

CONFIG = Config(
    groups=[Group(name="web", voters={}), Group(name="pair", voters={}, quorum="any")],
)
FIT, UNFIT = Verdict(True, ""), Verdict(False, "mode is observe")


def row(**more: Any) -> dict[str, Any]:
    return {"group": "web", "state": "released", "holder": "", "reason": "not asked yet", **more}


def test_what_may_have_two_owners_is_unsafe_and_nothing_else() -> None:
    rows = [row(group="pair"), row(), row(group="")]
    label(CONFIG, FIT, rows)
    assert [bool(r["unsafe"]) for r in rows] == [True, False, False]
    assert [r["reason"] for r in rows] == ["not asked yet"] * 3


def test_where_nobody_holds_it_an_unfit_host_says_so() -> None:
    rows = [
        row(),
        row(holder="h2", reason="held by h2"),
        row(state="held", reason=""),
        row(group=""),
    ]
    label(CONFIG, UNFIT, rows)
    assert [r["reason"] for r in rows] == [
        "unfit: mode is observe", "held by h2", "", "not asked yet",
    ]  # fmt: skip
