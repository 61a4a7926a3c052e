"""``python -m hwagent.journal``: the journal's writer."""

from .writer import main

main()
