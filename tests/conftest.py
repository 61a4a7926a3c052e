"""How tests are spread over workers (pytest-xdist): a file stays whole, as its fixtures may be a
fleet, and so does a directory with dear fixtures of its own. One worker has all fleets, one after
another: two at once are more processes than two cores can bear. It begins with them.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A machine may be as slow as it likes: no test asks how long something takes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

TESTS = Path(__file__).parent
#: Directories that take minutes, mostly of waiting; those that go to one worker whole.
LONG = ("fleet", "snmp", "packaging", "robustness", "vip")
WHOLE = ("fleet", "packaging", "cli")


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups and orders them."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        item.add_marker(pytest.mark.xdist_group(folder if folder in WHOLE else str(item.path)))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return LONG.index(folder) if folder in LONG else len(LONG)
