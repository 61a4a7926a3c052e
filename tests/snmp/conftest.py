"""What the tests of SNMP share: starting an agent takes as long as several tests."""

from collections.abc import Iterator

import pytest

from tests.snmp.agents import SNMPD, snmpd


@pytest.fixture(scope="session")
def net_snmp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of Debian's snmpd; nobody changes anything in it."""
    if SNMPD is None:
        pytest.skip("snmpd is not installed")
    with snmpd(tmp_path_factory.mktemp("snmpd")) as port:
        yield port
