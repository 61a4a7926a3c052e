"""``python -m hwagent.vip --socket PATH``: the holder."""

import argparse

from .loop import Holder
from .realtime import harden


def main() -> None:
    """Runs the holder until SIGTERM; then it gives all its addresses up."""
    parser = argparse.ArgumentParser(prog="hwagent-holder")
    parser.add_argument("--socket", required=True, help="Unix socket for agents and the guardian")
    parser.add_argument(
        "--ignore-link-events",
        action="store_true",
        help="do without link events, as if the kernel held them back (for tests)",
    )
    options = parser.parse_args()
    try:
        holder = Holder(options.socket, link_events=not options.ignore_link_events)
    except OSError as e:
        raise SystemExit(f"hwagent-holder: {options.socket}: {e.strerror}") from None
    holder.run(harden())


if __name__ == "__main__":
    main()
