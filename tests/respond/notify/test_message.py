"""What follows from an alert stands in every kind of message."""

import msgspec

from hwagent.respond.notify.exec import environment
from hwagent.respond.notify.journald import fields
from hwagent.respond.notify.message import annotations, follows, one_line, paragraph
from hwagent.respond.notify.receivers import ExecOptions
from tests.respond.notify.making import alert, items, message

PARTS = [f"nic:h{n}/eno1" for n in range(1, 9)]
(PLAIN,) = items(alert("SwitchDown", "switch:sw1", summary="it is down"))
TOLD = msgspec.structs.replace(PLAIN, beneath=PARTS)


def test_the_number_and_the_names_of_what_follows_are_told():
    assert follows(TOLD, 2) == "8: nic:h1/eno1, nic:h2/eno1 and 6 more"
    assert one_line(TOLD).endswith(
        "it is down; follows from it: 8: nic:h1/eno1, nic:h2/eno1, nic:h3/eno1, nic:h4/eno1, "
        "nic:h5/eno1 and 3 more"
    )
    everything = f"8: {', '.join(PARTS)}"
    assert f"follows:   {everything}" in paragraph(TOLD)
    assert annotations(TOLD)["follows"] == everything
    assert dict(fields(TOLD, "h1"))["HWAGENT_FOLLOWS"] == everything
    variables = environment(ExecOptions(["/bin/true"]), TOLD, message(TOLD))
    assert variables["HWAGENT_FOLLOWS"] == everything


def test_where_nothing_follows_nothing_is_said():
    assert "follow" not in one_line(PLAIN) + paragraph(PLAIN)
    assert "follows" not in annotations(PLAIN)
