"""The worked example of docs/audit.md prints what stands there."""

from tests.topology.docs import PAGE, filled


def test_the_worked_example_is_what_the_commands_print(tmp_path):
    page = PAGE.read_text()
    assert filled(page, tmp_path) == page, "run `python -m tests.topology.docs`"
    assert page.count("$ hwagent audit") == 5
