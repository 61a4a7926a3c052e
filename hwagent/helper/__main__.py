"""``python -m hwagent.helper``: the root helper as a service, or by hand for the guardian only."""

import argparse
import faulthandler
import os
import shutil

from .nursery import prepare
from .service import Service, listen
from .trust import TRUST


def main() -> None:
    """Runs the service until it is killed."""
    faulthandler.enable()  # a watchdog's SIGABRT: the log says where it hung
    parser = argparse.ArgumentParser(prog="hwagent-helper")
    parser.add_argument("--socket", default="", help="Unix socket on which agents connect")
    parser.add_argument("--holder", default="", help="socket of the holder to be guarded")
    parser.add_argument("--user", default="hwagent", help="who besides root may connect")
    parser.add_argument("--root", default="/", help="tree to work on instead of this host")
    parser.add_argument("--config", default="", help="the configuration, if not the system's")
    options = parser.parse_args()
    TRUST.config = options.config
    TRUST.manager = "INVOCATION_ID" in os.environ and shutil.which("systemd-run") is not None
    listener = None
    if options.socket:
        prepare()
        TRUST.runtime = os.path.dirname(options.socket)
        listener = listen(options.socket, options.user)
    Service(listener, options.holder, options.user, options.root).run()


if __name__ == "__main__":
    main()
