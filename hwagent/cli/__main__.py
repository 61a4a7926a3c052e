"""``python -m hwagent.cli``."""

from . import main

main()
