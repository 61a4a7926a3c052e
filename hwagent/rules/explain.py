"""Why a rule does or does not fire on a component, in a line for people."""

from .engine import Engine


def explain(engine: Engine, rule: str, component: str) -> str:
    """What the expression says now, with the values it reads; empty for an unknown rule."""
    judged = engine.judged(rule, component)
    if judged is None:
        return f"{component}: no such component, or no such rule for its kind"
    values = ", ".join(f"{k}={v}" for k, v in judged.values.items()) or "no values"
    parts = [f"{component} is {judged.state.value}", f"{judged.expr!r} is {_word(judged.raised)}"]
    if judged.clear:
        parts.append(f"clear {judged.clear!r} is {_word(judged.cleared)}")
    if judged.inhibited_by:
        parts.append(f"explained by {judged.inhibited_by}")
    return "; ".join([*parts, values])


def _word(truth: object) -> str:
    return "unknown" if truth is None else "true" if truth else "false"
