"""Voter sets change step by step, or the configuration is refused with the place."""

from pathlib import Path

import pytest

from hwagent.config import Config, ConfigError, load_config
from hwagent.daemon.leaps import refuse_leaps

HEAD = "host: h1\ncluster: {encryption: none}\ngroups:\n- name: web\n"
OLD = "{h1: [10.0.0.1], h2: [10.0.0.2], h3: [10.0.0.3]}"
NEW = "{h1: [10.0.0.1], h2: [10.0.0.2], h4: [10.0.0.4]}"


def load(tmp_path: Path, rest: str) -> tuple[str, Config]:
    path = tmp_path / "hwagent.yaml"
    path.write_text(HEAD + rest)
    return str(path), load_config(str(path))


def goes(tmp_path: Path, *steps: str) -> None:
    """Each step is a configuration that follows on the one before. Raises ConfigError."""
    _, before = load(tmp_path, steps[0])
    for step in steps[1:]:
        file, after = load(tmp_path, step)
        refuse_leaps(file, after, before.groups)
        before = after


def test_by_way_of_previous_the_voters_change_and_there_is_a_way_back(tmp_path: Path) -> None:
    old, new = f"  voters: {OLD}\n", f"  voters: {NEW}\n"
    between = f"  voters: {NEW}\n  previous: {OLD}\n"
    goes(tmp_path, old, between, new)
    goes(tmp_path, old, between, old)


@pytest.mark.parametrize(
    ("step", "line", "says"),
    [
        (f"  voters: {NEW}\n", 5, "name those in force, with their addresses, as `previous`"),
        (f"  voters: {OLD.replace('0.3', '0.9')}\n", 5, "might not meet"),
        (f"  voters: {NEW}\n  previous: {NEW}\n", 5, "might not meet"),
        (f"  voters: {OLD}\n  longest: 2s\n", 6, "another `longest` is another voter set"),
    ],
    ids=["other hosts", "other addresses", "another set before", "longest"],
)
def test_a_leap_is_refused_with_what_to_do(tmp_path: Path, step: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        goes(tmp_path, f"  voters: {OLD}\n", step)
    assert says in str(caught.value)
    assert caught.value.place.line == line


def test_the_longest_lease_changes_by_way_of_previous_longest(tmp_path: Path) -> None:
    voters = f"  voters: {OLD}\n"
    between = f"{voters}  longest: 2s\n  previous: {OLD}\n  previous_longest: 1s\n"
    goes(tmp_path, voters, between, f"{voters}  longest: 2s\n")


def test_what_else_changes_in_a_group_needs_no_step_between(tmp_path: Path) -> None:
    voters = f"  voters: {OLD}\n"
    goes(tmp_path, voters, f"{voters}  lease: 500ms\n", f"{voters}  preempt: true\n")
