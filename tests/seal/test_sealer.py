"""The bytes of a packet of version 1, kept as they were: every later version has to open them, and
to say them to those who speak no other."""

import base64

import pytest

from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import FIRST, POLICIES, Head, Sealer, after

_KEYS = Keyring([base64.b64encode(bytes([1]) * 32).decode()])
_HEAD = Head(FIRST, 0, session=0x0102030405060708, counter=9, to=0x1112131415161718)
SEALED = bytes.fromhex(
    "686701019de2e3b687088e640102030405060708000000091112131415161718"
    "466a542d9c9440d2da79c719e7d73bba3b5cfd520bc7ff"
)
PLAIN = bytes.fromhex(
    "686701009de2e3b6000000000102030405060708000000091112131415161718"
    "7061796c6f6164f26cb17bc481b454ac07f7dcc212d185"
)


@pytest.mark.parametrize(
    ("keys", "policy", "recorded"),
    [(_KEYS, "required", SEALED), (Keyring([]), "none", PLAIN)],
    ids=["sealed", "plain"],
)
def test_packets_of_version_1_are_understood_and_spoken(keys, policy, recorded):
    sealer = Sealer(keys, "lab", POLICIES[policy])
    assert sealer.seal(_HEAD, b"payload") == recorded
    head, payload = sealer.open(recorded)
    assert (head._replace(flags=0), payload) == (_HEAD, b"payload")


def test_a_stream_goes_on_after_the_same_number_as_in_version_1():
    assert after(PLAIN) == 14573789994943685160
