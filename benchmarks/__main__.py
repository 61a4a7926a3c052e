"""``make bench``: every benchmark in turn; what they measure is in their files."""

import subprocess
import sys

BENCHMARKS = (
    "failover", "fleet", "rolling", "interval", "gossip", "cost", "holder_cost", "rules",
    "snmp", "topology", "traps", "workers",
)  # fmt: skip


def main() -> int:
    """Runs those named on the command line, or all; the worst exit status."""
    worst = 0
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode)
    return worst


sys.exit(main())
