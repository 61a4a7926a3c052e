"""Expressions: what they mean, what they do not allow, and where they say it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.rules.syntax import ExpressionError
from tests.rules.making import expression, truth


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("missing > 0", True),
        ("missing >= 2 and celsius < 50", True),
        ("missing > 2 or celsius > 50", False),
        ("not missing == 0", True),
        ("missing + 1 * 2 == 4", True),
        ("(missing + 1) * 2 == 6", True),
        ("-missing < 0", True),
        ("missing - -1 == 3", True),
        ("abs(0 - missing) == 2", True),
        ("1 < missing < 3", True),
        ("1 < missing < 2", False),
        ('state == "clean"', True),
        ("state != 'clean'", False),
        ('state in ("active", "clean")', True),
        ('state not in ("active", "clean",)', False),
        ("missing in (2, 3)", True),
        ("age > 7d", True),
        ("age > 1w12h", True),
        ("free < 10GiB", True),
        ("present == true", True),
        ("has(missing) and not has(errors)", True),
        ("celsius / missing == 20", True),
        ("celsius > 1e1", True),
    ],
)
def test_the_language(text: str, expected: bool) -> None:
    values = {"missing": 2, "celsius": 40.0, "state": "clean", "age": 8 * 86400, "present": 1}
    assert truth(text, free=2**30, **values) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("errors > 0", None),
        ("not errors > 0", None),
        ("errors > 0 or missing > 0", True),
        ("errors > 0 or missing > 5", None),
        ("errors > 0 and missing > 5", False),
        ("errors > 0 and missing > 0", None),
        ("errors + missing > 0", None),
        ('state == "clean"', None),
        ('state in ("clean",)', None),
        ("missing / 0 > 1", None),
        ("missing / 0 > 1 or true == 1", True),
        ("has(errors)", False),
        ("increase(errors, 1h) > 0 or missing > 0", True),
        ("peers(celsius) > 5", None),
    ],
)
def test_what_is_not_known_stays_unknown_unless_the_rest_decides(text: str, expected: bool) -> None:
    assert truth(text, missing=2) is expected


def test_absurd_values_are_unknown() -> None:
    assert truth("missing > 0", missing=float("nan")) is None
    assert truth("missing > 0", missing=float("inf")) is None
    assert truth("missing > 0", missing=10**400) is None
    assert truth("missing > 0", missing="many") is None
    assert truth("missing * 1e199 > 0", missing=100) is None
    assert truth('state == "clean"', state=3) is None


def test_attributes_are_compared_only_with_their_like() -> None:
    assert truth("model == 'X'", {"model": "X"}) is True
    assert truth("slots > 4", {"slots": 8}) is True
    assert truth("slots > 4", {"slots": "eight"}) is None
    assert truth("slots != 4", {"slots": "eight"}) is None
    assert truth("slots > 4", {"slots": [1, 2]}) is None
    assert truth("slots in (4, 8)", {"slots": 8}) is True
    assert truth("model == slots", {"model": "a", "slots": 1}) is None


@pytest.mark.parametrize(
    ("text", "at", "what", "hint"),
    [
        ("mising > 0", 0, "unknown name 'mising'", "'missing'"),
        ("missing > 0 and eror > 1", 16, "unknown name 'eror'", "'errors'"),
        ("increse(errors, 1h) > 0", 0, "unknown function", "'increase'"),
        ("missing", 0, "expected a condition", "missing > 0"),
        ("not state", 4, "expected a condition", 'state == "..."'),
        ("state > 3", 0, "a word is compared with a number", "quotes"),
        ('missing == "two"', 11, "a word is compared with a number", ""),
        ('state < "clean"', 6, "words have no order", "=="),
        ("state in (1, 2)", 10, "expected a word", ""),
        ("state + 1 > 2", 0, "expected a number", ""),
        ("(missing > 1) + 1 > 2", 9, "expected a number", ""),
        ("(missing > 1) == 1", 9, "a condition cannot be compared", "and"),
        ("celsius > 24h", 8, "units do not go together: celsius with seconds", ""),
        ("missing > 24h", 8, "units do not go together: no unit with seconds", ""),
        ("celsius > free", 8, "units do not go together: celsius with bytes", ""),
        ("celsius + age > 3", 8, "units do not go together", ""),
        ("age > 10GiB", 4, "units do not go together", ""),
        ("increase(errors, 24) > 0", 17, "expected a span of time", "24s or 24m"),
        ("increase(errors, missing) > 0", 17, "expected a span of time", "10m"),
        ("increase(errors, 24x) > 0", 17, "not a duration", ""),
        ("increase(errors, 10GiB) > 0", 17, "expected a span of time", ""),
        ("increase(errors, 400d) > 0", 17, "at most 32d", ""),
        ("increase(errors, 0s) > 0", 17, "longer than 0s", ""),
        ("increase(celsius, 1h) > 0", 9, "needs a counter", "max() - min()"),
        ("rate(errors + 1, 1h) > 0", 12, "needs a counter", ""),
        ("increase(errors) > 0", 0, "has 1 arguments", "10m"),
        ("share(missing, 6m) > 0.5", 6, "expected a condition", "missing > 0"),
        ("max(avg(celsius, 1m), 1m) > 0", 4, "cannot stand inside max()", ""),
        ("max(peers(celsius), 1m) > 0", 4, "cannot stand inside max()", ""),
        ("peers(peers(celsius)) > 0", 6, "cannot stand inside peers()", ""),
        ("has(1)", 4, "expected the name", ""),
        ("missing > ", 9, "expected a metric", ""),
        ("missing > 0 0", 12, "expected 'and', 'or' or the end", ""),
        ("missing = 0", 8, "unexpected '='", "'=='"),
        ("missing > 0 && present == 1", 12, "unexpected '&&'", "'and'"),
        ("missing > 0x10", 10, "not a number or quantity", ""),
        ("missing > 10foo_", 10, "not a number or quantity", ""),
        ('state == "clean', 9, "does not end", ""),
        ("missing.real > 0", 7, "unexpected '.'", ""),
        ("state in ()", 10, "expected a metric, a number or a word", ""),
        ("state in (state)", 10, "expected numbers or words", ""),
        ("", 0, "expected a metric", ""),
        ("(" * 100, 40, "too deeply nested", ""),
        ("1 + " * 500 + "1 > 0", 800, "longer than", ""),
    ],
)
def test_errors_name_the_place_and_the_way_out(text: str, at: int, what: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        expression(text)
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.at == at


def test_units_may_follow_through_functions_but_not_out_of_a_product() -> None:
    assert expression("max(age, 1h) - min(age, 1h) > 5m")
    assert expression("age * 2 > 5m")
    with pytest.raises(ExpressionError, match="units"):
        expression("share(missing > 0, 1h) > 5m")
    with pytest.raises(ExpressionError, match="units"):
        expression("abs(celsius) > 5m")


def test_reads_tell_own_names_from_those_of_peers() -> None:
    compiled = expression("celsius > peers(celsius + missing) and model == 'X' and has(errors)")
    assert compiled.reads == {"celsius", "model", "errors"}
    assert compiled.peer_reads == {"celsius", "missing"}
    windows = expression("max(celsius, 1h) > 1 and max(celsius, 2h) > peers(avg(celsius, 1m))")
    assert [w.span for w in windows.windows] == [3600, 7200]
    assert [w.span for w in windows.peer_windows] == [60]
    assert len({w.key for w in windows.windows}) == 1


@given(st.text(max_size=60))
def test_any_text_compiles_or_is_an_expression_error(text: str) -> None:
    try:
        compiled = expression(text)
    except ExpressionError as e:
        compiled, at = None, e.at
    else:
        at = 0
    assert compiled is None or compiled.text == text
    assert 0 <= at <= len(text)


_ATOMS = ["errors", "missing", "celsius", "1", "2.5", "state", '"clean"', "1h", "age"]
_GLUE = [" and ", " or ", " > ", " == ", " + ", " / ", "(", ")", "not ", ", ", "max(", "abs(", "-"]


@given(
    st.lists(st.sampled_from(_ATOMS + _GLUE), max_size=14).map("".join),
    st.dictionaries(
        st.sampled_from(["errors", "missing", "celsius", "state", "age"]),
        st.one_of(st.integers(), st.floats(), st.sampled_from(["clean", ""]), st.booleans()),
    ),
)
def test_a_compiled_expression_never_raises(text: str, metrics: dict[str, object]) -> None:
    try:
        expression(text)
    except ExpressionError:
        return
    assert truth(text, **metrics) in (True, False, None)
