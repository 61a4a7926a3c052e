"""Mails."""

from email import message_from_string, policy

import pytest

from hwagent.respond.notify.deliver import deliver
from hwagent.respond.notify.receivers import SmtpOptions
from hwagent.respond.notify.smtp import mail, subject
from tests.respond.notify.making import alert, items, message, payload
from tests.respond.notify.smtp_server import relaying

OPTIONS = SmtpOptions("relay", ["root@h1", "ops@example.com"], "hwagent@h1")
ARRAY = alert("ArrayDegraded", "array:md0", summary="md0 is degraded")


def test_the_mail_says_what_and_where():
    made = mail(OPTIONS, message())
    assert made["Subject"] == "[h1] critical: disk sda is about to fail"
    assert made["To"] == "root@h1, ops@example.com"
    assert made["From"] == "hwagent@h1"
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Date"] == "Tue, 14 Nov 2023 22:13:20 -0000"
    text = made.get_content()
    for word in ("CRITICAL", "disk:wwn-0x5000c500a1b20000", "SmartFailed", "SMART says so."):
        assert word in text


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (items(alert(), status="resolved"), "[h1] resolved: disk sda is about to fail"),
        (items(alert(), ARRAY), "[h1] 2 alerts: disk sda is about to fail"),
        ([*items(ARRAY, status="resolved"), *items(alert())],
         "[h1] 1 alerts, 1 resolved: disk sda is about to fail"),
        (items(alert(), ARRAY, status="resolved"), "[h1] 2 resolved: disk sda is about to fail"),
    ],
)  # fmt: skip
def test_subjects(told, expected):
    assert subject(message(*told)) == expected


def test_a_hostile_summary_adds_no_header():
    nasty = items(alert(summary="x\r\nBcc: all@example.com\r\n\r\nbody" + "y" * 500))
    made = mail(OPTIONS, message(*nasty))
    again = message_from_string(made.as_string(), policy=policy.default)
    assert again["Bcc"] is None
    assert len(again["Subject"]) <= 160


def test_it_reaches_the_relay():
    with relaying() as relay:
        options = {"host": "127.0.0.1", "port": relay.port, "to": ["root@h1", "ops@h1"]}
        assert deliver("smtp", options, payload(*items(alert(summary="disk \u00e4")))) == ""
    (sent,) = relay.mails
    assert sent.recipients == ["root@h1", "ops@h1"]
    parsed = message_from_string(sent.text, policy=policy.default)
    assert parsed["Subject"] == "[h1] critical: disk \u00e4"
    assert "SmartFailed" in parsed.get_content()


def test_a_refused_recipient_is_told():
    with relaying(refuse="ops@h1") as relay:
        options = {"host": "127.0.0.1", "port": relay.port, "to": ["root@h1", "ops@h1"]}
        assert deliver("smtp", options, payload()) == "refused: ops@h1"
    assert len(relay.mails) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"starttls": True}, "STARTTLS"),
        ({"user": "u", "password_file": "/nonexistent"}, "/nonexistent"),
    ],
)
def test_what_the_relay_cannot_do_is_told(options, said):
    with relaying() as relay:
        where = {"host": "127.0.0.1", "port": relay.port, "to": ["root@h1"]}
        assert said in deliver("smtp", {**where, **options}, payload())
    assert relay.mails == []


def test_no_relay_is_told():
    assert "refused" in deliver("smtp", {"host": "127.0.0.1", "port": 1, "to": ["x@y"]}, payload())
