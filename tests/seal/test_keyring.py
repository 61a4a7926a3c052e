"""The keys that a fleet shares, and what may be done to them."""

import base64

import pytest

from hwagent.seal.keyring import KEYS_MAX, KeyProblem, Keyring

KEY, OTHER = (base64.b64encode(bytes([i]) * 32).decode() for i in (1, 2))


def test_the_key_that_seals_cannot_be_removed():
    ring = Keyring([KEY, OTHER])
    with pytest.raises(KeyProblem, match="seals"):
        ring.remove(KEY)
    ring.remove(OTHER)
    assert ring.texts() == (KEY,)


@pytest.mark.parametrize("text", ["", "abc", "!" * 44, base64.b64encode(b"x" * 31).decode()])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(KeyProblem):
        Keyring([text])


def test_a_keyring_is_bounded():
    keys = [base64.b64encode(bytes([i]) * 16).decode() for i in range(KEYS_MAX + 1)]
    with pytest.raises(KeyProblem, match="at most"):
        Keyring(keys)


def test_fingerprints_tell_keys_apart_and_show_none():
    ring = Keyring([KEY, OTHER])
    assert len(set(ring.fingerprints())) == 2
    assert all(f not in KEY + OTHER for f in ring.fingerprints())


def test_a_newer_keyring_is_taken_whole_and_an_older_one_not():
    ring = Keyring([KEY], version=3)
    assert not ring.adopt((OTHER,), 2)
    assert not ring.adopt((KEY,), 3)
    assert not ring.adopt((), 9)
    assert ring.adopt((OTHER, KEY), 4)
    assert ring.primary.text == OTHER
