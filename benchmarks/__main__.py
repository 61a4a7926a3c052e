"""``make bench``: every benchmark in turn, each ending with one line of JSON."""

import subprocess
import sys

BENCHMARKS = ("failover", "cost", "damage", "crash")


def main() -> int:
    """Runs those named on the command line, or all; the worst exit status."""
    worst = 0
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode)
    return worst


sys.exit(main())
