"""The keys that a member keeps on disk."""

import base64
import os

import pytest

from hwagent.seal.keyring import KeyProblem
from hwagent.seal.keystore import load_keyring, save_keyring

A, B, C = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))


@pytest.fixture
def files(tmp_path):
    return tmp_path / "cluster.key", tmp_path / "keyring.json"


def write(key_file, *keys, mode=0o600):
    key_file.write_text("# the fleet's keys\n" + "\n".join(keys) + "\n")
    key_file.chmod(mode)


def test_without_files_there_is_no_key(files):
    assert not load_keyring("", files[1])


def test_the_first_key_of_the_file_seals(files):
    write(files[0], A, B)
    assert load_keyring(str(files[0]), files[1]).texts() == (A, B)


def test_what_was_changed_while_it_ran_outlives_a_restart(files):
    write(files[0], A)
    ring = load_keyring(str(files[0]), files[1])
    ring.add(B)
    ring.use(B)
    ring.remove(A)
    save_keyring(str(files[0]), files[1], ring)
    again = load_keyring(str(files[0]), files[1])
    assert (again.texts(), again.version) == ((B,), 3)
    assert os.stat(files[1]).st_mode & 0o077 == 0


def test_a_key_file_that_was_written_since_comes_first(files):
    """Trap: consul#719, #8129, where the kept keyring beat the configuration for ever."""
    write(files[0], A)
    ring = load_keyring(str(files[0]), files[1])
    ring.add(B)
    save_keyring(str(files[0]), files[1], ring)
    write(files[0], C)
    again = load_keyring(str(files[0]), files[1])
    assert again.texts() == (C, A, B), "what was there still opens"
    assert again.version == 2
    assert load_keyring("", files[1]).texts() == (), "and without a file there is no key"


@pytest.mark.parametrize("text", ["", "abc"])
def test_a_file_without_a_key_is_refused(files, text):
    write(files[0], text)
    with pytest.raises(KeyProblem):
        load_keyring(str(files[0]), files[1])


def test_a_key_that_everybody_can_read_is_refused(files):
    write(files[0], A, mode=0o644)
    with pytest.raises(KeyProblem, match="chmod"):
        load_keyring(str(files[0]), files[1])


def test_a_kept_keyring_that_is_damaged_counts_as_none(files):
    write(files[0], A)
    files[1].write_bytes(b"{")
    assert load_keyring(str(files[0]), files[1]).texts() == (A,)
