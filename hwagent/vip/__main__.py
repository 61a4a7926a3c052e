"""``python -m hwagent.vip --socket PATH``: the holder."""

import argparse
import faulthandler

from .loop import Holder
from .realtime import Parent, harden


def main() -> None:
    """Runs the holder until SIGTERM; then it gives all its addresses up."""
    faulthandler.enable()  # a watchdog's SIGABRT: the log says where it hung
    parser = argparse.ArgumentParser(prog="hwagent-holder")
    parser.add_argument("--socket", required=True, help="Unix socket for agents and the guardian")
    parser.add_argument(
        "--ignore-link-events",
        action="store_true",
        help="do without link events, as if the kernel held them back (for tests)",
    )
    parser.add_argument(
        "--parent",
        type=int,
        default=0,
        help="end after this process, once no agent wants an address held",
    )
    options = parser.parse_args()
    parent = Parent(options.parent)
    try:
        holder = Holder(options.socket, not options.ignore_link_events, parent)
    except OSError as e:
        raise SystemExit(f"hwagent-holder: {options.socket}: {e.strerror}") from None
    holder.run(harden())


if __name__ == "__main__":
    main()
