"""ATA SMART attributes and logs, as smartctl prints them: what their raw values mean.

Attribute numbers are the vendors' own: the same number means other things on other drives, and
48-bit raw values hold packed fields. So a number counts only under the name that smartctl's drive
database gives it. Sources: smartmontools atacmds.cpp (raw formats) and SIGNALS.md section 1.
"""

import re
from typing import Any

from .document import Report, dig, number, objects, text, whole

#: Attribute number: metric, and what its name must contain to mean that.
_COUNTS: dict[int, tuple[str, re.Pattern[str]]] = {
    5: ("reallocated_sectors", re.compile("realloc|retired|bad_bl", re.I)),
    10: ("spin_retries", re.compile("spin_retry", re.I)),
    184: ("end_to_end_errors", re.compile("end-to-end|error_correct", re.I)),
    187: ("reported_uncorrectable", re.compile("uncorrect|unc_err|reported_unc", re.I)),
    188: ("command_timeouts", re.compile("timeout", re.I)),
    196: ("reallocation_events", re.compile("reall", re.I)),
    197: ("pending_sectors", re.compile("pending", re.I)),
    198: ("offline_uncorrectable", re.compile("uncorrect|offline_unc", re.I)),
    199: ("crc_errors", re.compile("crc", re.I)),
}
#: Attributes whose normalised value is the life that is left, in percent, by database name.
_LIFE_LEFT = re.compile(
    "media_wearout_indicator|wear_leveling_count|ssd_life_left|percent_lifetime_remain"
    "|remaining_lifetime|lifetime_remaining|drive_life_remaining",
    re.I,
)
#: smartctl's format raw16(raw16): the low word is the count, the others are the vendor's.
_WORDS = re.compile(r"(\d{1,10}) \(\d+ \d+\)")
_LEADING = re.compile(r"(-?\d{1,10})(?:h\+|[ (]|$)")
#: Self-test results (high nibble of the status byte) that are failures; 1, 2 and 15 are not.
_SELFTEST_FAILED = range(3, 9)


def attributes(report: Report, document: Any) -> None:
    """The attribute table: all of it into the attribute ``ata_attributes``, what rules judge into
    metrics."""
    table = objects(document, "ata_smart_attributes", "table")
    for row in table[:256]:
        _count(report, row)
        _life(report, row)
    report.note("ata_attributes", {str(whole(row, "id")): _entry(row) for row in table[:256]})
    if table:
        now = [row for row in table if failing_now(row)]
        report.set("prefailure_attributes", sum(dig(r, "flags", "prefailure") is True for r in now))
        report.set("old_age_attributes", sum(dig(r, "flags", "prefailure") is False for r in now))


def count(raw: int, printed: str) -> int:
    """A count in a 48-bit raw value that may hold other things in its higher words."""
    if words := _WORDS.fullmatch(printed):
        return int(words[1])
    return raw if raw < 2**32 else raw & 0xFFFF


def failing_now(row: Any) -> bool:
    """True if the normalised value is at or below its threshold; a threshold of 0 never fails."""
    if "when_failed" in row:
        return text(row, "when_failed").lower() in ("now", "failing_now")
    value, threshold = whole(row, "value"), whole(row, "thresh")
    return bool(value and threshold and value <= threshold)


def _count(report: Report, row: Any) -> None:
    known = _COUNTS.get(whole(row, "id") or 0)
    if known is None or not known[1].search(text(row, "name")):
        return
    metric, raw = known[0], whole(row, "raw", "value")
    if raw is None or not 0 <= raw < 2**64:
        report.problem(metric, f"absurd raw value: {str(dig(row, 'raw', 'value'))[:40]}")
    elif metric == "command_timeouts":
        # Seagate: three words, all time-outs in the low one, those over 5 s and 7.5 s above
        report.set(metric, raw & 0xFFFF)
    else:
        report.set(metric, count(raw, text(row, "raw", "string")))


def _life(report: Report, row: Any) -> None:
    value = whole(row, "value")
    named = _LIFE_LEFT.fullmatch(text(row, "name"))
    if named and value is not None and "percentage_used" not in report.metrics:
        report.take("percentage_used", 100 - value, most=255)


def _entry(row: Any) -> dict[str, Any]:
    return {
        "name": text(row, "name"),
        "value": number(row, "value"),
        "worst": number(row, "worst"),
        "thresh": number(row, "thresh"),
        "prefailure": dig(row, "flags", "prefailure") is True,
        "when_failed": text(row, "when_failed"),
        "raw": number(row, "raw", "value"),
        "raw_string": text(row, "raw", "string"),
    }


def temperature(document: Any) -> int | None:
    """Degrees Celsius from attribute 194 or 190, for drives whose summary lacks it."""
    for row in _rows(document, (194, 190), "temperature"):
        if printed := _LEADING.match(text(row, "raw", "string")):
            return int(printed[1])
    return None


def power_on_hours(document: Any) -> int | None:
    """Hours from attribute 9, whose raw value may hold minutes and seconds above them."""
    for row in _rows(document, (9,), "power_on_hours"):
        if printed := _LEADING.match(text(row, "raw", "string")):
            return int(printed[1])
    return None


def _rows(document: Any, ids: tuple[int, ...], name: str) -> list[dict[str, Any]]:
    table = objects(document, "ata_smart_attributes", "table")
    rows = {whole(row, "id"): row for row in table if name in text(row, "name").lower()}
    return [rows[id] for id in ids if id in rows]


def logs(report: Report, document: Any) -> None:
    """Error log, self-test log and device statistics."""
    log = dig(document, "ata_smart_error_log")
    counts = {form: whole(log, form, "count") for form in ("extended", "summary")}
    counts = {form: n for form, n in counts.items() if n is not None}
    report.note("ata_error_log", counts)
    if counts:
        report.take("ata_errors", next(iter(counts.values())))
    _selftests(report, dig(document, "ata_smart_self_test_log"))
    for page in objects(document, "ata_device_statistics", "pages"):
        for row in objects(page, "table"):
            # The drive's own standard figure (ACS-4, page 7) is better than a vendor's attribute
            if text(row, "name") == "Percentage Used Endurance Indicator":
                report.take("percentage_used", row.get("value"), most=255)


def _selftests(report: Report, log: Any) -> None:
    for form in ("extended", "standard"):
        part = dig(log, form)
        if not isinstance(part, dict):
            continue
        tests = objects(part, "table")
        total = whole(part, "error_count_total") or 0
        outdated = whole(part, "error_count_outdated") or 0
        report.note("selftest_log", {"form": form, "count": part.get("count"), "errors": total})
        report.set("selftest_failures", max(0, total - outdated))
        if tests:
            latest(
                report,
                text(tests[0], "type", "string"),
                text(tests[0], "status", "string"),
                number(tests[0], "lifetime_hours"),
                (whole(tests[0], "status", "value") or 0) >> 4 in _SELFTEST_FAILED,
            )
        return


def latest(report: Report, test: str, result: str, hours: int | float | None, failed: bool) -> None:
    """Notes the latest self-test of any kind of disk."""
    report.note("latest_selftest", {"type": test, "result": result, "power_on_hours": hours})
    report.set("latest_selftest_failed", int(failed))
