"""What stands beneath a table of virtual IPs."""

from hwagent.cli.show import print_holder, standing

HOLDER = {"lacks": [], "stall_ms_week": None, "stall_ms_hour": None, "bears_ms": None}


def test_what_the_holder_lacks_and_why_an_address_is_unsafe_is_said_once(capsys):
    vips = [{"state": "held", "unsafe": why} for why in ("quorum is any", "", "quorum is any")]
    assert [standing(vip) for vip in vips] == ["held (unsafe)", "held", "held (unsafe)"]
    print_holder({"vips": vips, "holder": {**HOLDER, "lacks": ["a gate", "real-time priority"]}})
    assert capsys.readouterr().out.splitlines() == [
        "unsafe: quorum is any",
        "holder: lacks a gate",
        "holder: lacks real-time priority",
    ]


def test_where_all_is_well_nothing_is_said(capsys):
    print_holder({"vips": [{"state": "held", "unsafe": ""}], "holder": HOLDER})
    assert capsys.readouterr().out == ""
