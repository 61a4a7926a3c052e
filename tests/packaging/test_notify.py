"""What the service manager hears of agent, holder and helper, and gives them."""

import os
import signal

import pytest

from tests.packaging.host import UNITS, Host, host, place
from tests.waiting import wait_for

__all__ = ["host", "place"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root and network namespaces")
HELPER, HOLDER, AGENT = UNITS


def test_each_is_up_before_it_is_alive_and_says_in_a_line_what_matters(host: Host):
    for unit, status in (
        (HELPER, "guards the holder, works for 1 agent"),
        (HOLDER, "holds 1 of 1 addresses"),
        (AGENT, "1 of 1 virtual IPs held"),
    ):
        ear = host.ears[unit]
        ear.wait("WATCHDOG")
        ear.wait("STATUS", status)
        keys = [key for told in ear.heard for key in told if key in ("READY", "WATCHDOG")]
        assert keys[0] == "READY"


def test_a_reload_by_signal_says_when_it_began_and_when_it_counts(host: Host):
    """As `Type=notify-reload` wants it (systemd.service(5)), from systemd 253 on."""
    ear = host.ears[AGENT]
    ear.listen()
    host.processes[AGENT].send_signal(signal.SIGHUP)
    ear.wait("MONOTONIC_USEC")
    begun = next(n for n, told in enumerate(ear.heard) if "RELOADING" in told)
    assert "MONOTONIC_USEC" in ear.heard[begun], "in the same message"
    wait_for(lambda: any("READY" in told for told in ear.listen()[begun:]), what="ready again")


def test_each_that_is_told_to_end_says_so(host: Host):
    for unit in (AGENT, HOLDER):
        host.ears[unit].listen()  # else what it says finds no room
        host.processes[unit].terminate()
        host.processes[unit].wait(60)
        assert host.ears[unit].said("STOPPING") == ["1"]


def test_the_log_says_where_one_hung_that_its_watchdog_ended(host: Host):
    """A watchdog ends with SIGABRT (systemd.service(5), WatchdogSignal=)."""
    for unit, where in ((HELPER, "service.py"), (HOLDER, "loop.py"), (AGENT, "run.py")):
        host.processes[unit].send_signal(signal.SIGABRT)
        _, log = host.processes[unit].communicate(timeout=60)
        assert "Fatal Python error: Aborted" in log
        assert where in log
