"""``hwagent simulate``: the agent on a simulated server, to see rules fire and actions run."""

import tempfile
from typing import TYPE_CHECKING

import click

from hwagent.config import ConfigError

from .complete import scenarios
from .events import describe
from .output import fail, output_option, print_json_line

if TYPE_CHECKING:
    from hwagent.testing.scenario import Expectation
    from hwagent.testing.simulation import Happening


@click.command("simulate")
@click.argument("scenario", shell_complete=scenarios)
@click.option("--keep", default="", metavar="DIR", help="Keep the server's tree there.")
@output_option
def command(scenario: str, keep: str, output: str) -> int:
    """Runs SCENARIO (a file, or a shipped one by name) in virtual time.

    Prints what happens to the hardware, alerts and actions as they come; as JSON, one object a
    line. Exit status 2 if the scenario expects something else.
    """
    from hwagent.testing.scenario import load_scenario
    from hwagent.testing.simulation import Simulation

    happenings: list[Happening] = []
    try:
        story = load_scenario(scenario)
        with tempfile.TemporaryDirectory(prefix="hwagent-simulate-") as directory:
            for happening in Simulation(story, keep or directory).run():
                happenings.append(happening)
                _print(happening, output)
    except (ConfigError, KeyError) as e:
        fail(str(e))
    missing = unmet(story.expect, happenings)
    for line in missing:
        click.echo(f"expected but not seen: {line}", err=True)
    return 2 if missing else 0


def unmet(expect: "Expectation", happenings: "list[Happening]") -> list[str]:
    """What a scenario expected and did not get."""
    fired = {
        h.data["rule"] for h in happenings if h.type == "alert" and h.data["state"] == "firing"
    }
    done = {
        h.data["action"]["name"]
        for h in happenings
        if h.type == "action" and h.data.get("result") in ("done", "rehearsed", "refused")
    }
    alerts = [f"alert {name}" for name in expect.alerts if name not in fired]
    return alerts + [f"action {name}" for name in expect.actions if name not in done]


def _print(happening: "Happening", output: str) -> None:
    if output == "json":
        print_json_line(happening)
        return
    minutes, seconds = divmod(int(happening.time), 60)
    text = describe(happening.type, happening.data)
    colour = {"hardware": "cyan", "alert": "red", "action": "green"}.get(happening.type)
    click.secho(
        f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02} {happening.type:8} "
        f"{happening.component} {text}".rstrip(),
        fg=colour,
    )
