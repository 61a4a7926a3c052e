"""``hwagent completion``: what a shell needs to complete our commands, ids, rules and scenarios."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from .output import output_option, print_json

_BASH = """\
# Component ids hold colons, at which bash would break words: the line is split at blanks instead.
%(complete_func)s() {
    local IFS=$'\\n' reply type value rest
    local line="${COMP_LINE:0:$COMP_POINT}"
    local last="${line##*[[:blank:]]}"
    local words=($(IFS=$' \\t'; printf '%%s\\n' $line))
    local index=${#words[@]}
    [[ -n $last ]] && index=$((index - 1))
    rest="${last%%"${last##*[$COMP_WORDBREAKS]}"}"
    COMPREPLY=()
    reply=$(env COMP_WORDS="${words[*]}" COMP_CWORD="$index" \\
        %(complete_var)s=bash_complete "$1")
    for reply in $reply; do
        IFS=',' read -r type value <<< "$reply"
        case $type in
            dir) COMPREPLY=(); compopt -o dirnames ;;
            file) COMPREPLY=(); compopt -o default ;;
            plain) COMPREPLY+=("${value#"$rest"}") ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _Bash(BashComplete):
    """Click's, with a script of our own."""

    source_template = _BASH

    @staticmethod
    def _check_version() -> None:
        """Every bash since 4.4 (2016) knows what the script uses; none is run to ask."""


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "fish": FishComplete, "zsh": ZshComplete}


@click.command("completion")
@click.argument("shell", type=click.Choice(sorted(SHELLS)))
@output_option
@click.pass_context
def command(ctx: click.Context, shell: str, output: str) -> int:
    """Prints the completion script of a SHELL.

    \b
    bash: eval "$(hwagent completion bash)"        in ~/.bashrc
    zsh:  eval "$(hwagent completion zsh)"         in ~/.zshrc
    fish: hwagent completion fish | source         in ~/.config/fish/config.fish
    """
    root = ctx.find_root().command
    script = SHELLS[shell](root, {}, "hwagent", "_HWAGENT_COMPLETE").source()
    if output == "json":
        print_json({"shell": shell, "script": script})
    else:
        click.echo(script)
    return 0
