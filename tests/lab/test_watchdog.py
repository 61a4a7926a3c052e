"""The board's watchdog, which resets a machine that does not feed it."""

from tests.lab.agent import Agent

_FEED = """import time
with open("/dev/watchdog", "wb", buffering=0) as dog:
    while True:
        dog.write(b".")
        time.sleep(1)
"""
#: Seconds until it bites. Intel's counts twice, and resets at the end of the second time.
_HEARTBEAT = 80


def test_a_machine_that_feeds_its_watchdog_no_more_is_told_of_and_then_reset(
    installed, make_machine, table
):
    machine = make_machine("watchdog", installed)
    agent = Agent(machine)
    machine.sh(f"modprobe i2c_i801; modprobe iTCO_wdt heartbeat={_HEARTBEAT} nowayout=1;"
               " udevadm settle; test -c /dev/watchdog")  # fmt: skip
    machine.write("/run/lab/feed.py", _FEED)
    machine.sh("systemd-run --unit feed python3 /run/lab/feed.py")
    agent.configure(collectors={"watchdog": {"interval": "5s"}})

    def fed() -> bool:
        dog = agent.component("watchdog:watchdog0")
        return bool(dog) and dog["metrics"]["state"] == "active"

    machine.until(fed, "the watchdog to be known")
    at = machine.now()
    machine.sh("systemctl kill -s STOP feed")  # as a machine whose programs hang
    noticed = agent.alert("WatchdogStarving", "watchdog:watchdog0", at.wall)
    machine.process.wait(1200)  # QEMU ends where a machine would start anew
    table.add(
        f"watchdog not fed any more ({_HEARTBEAT} s, counted twice)",
        [("hwagent: WatchdogStarving", noticed - at.wall)],
        "the board's watchdog: it reset the machine",
        "-",
    )
