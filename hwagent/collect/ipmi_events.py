"""What the words of IPMI's sensors mean. Pure.

Sources: IPMI 2.0, tables 42-2 (generic events) and 42-3 (events of sensor types), in the words of
FreeIPMI and ipmitool; SIGNALS.md section 11. ``State Asserted`` says nothing: which way round is
the maker's choice.
"""

import re

#: Verdicts by words that stand in an event, the first that fits; None: it says nothing.
_RULES: tuple[tuple[str, str | None], ...] = (
    (r"oem event|^state (de)?asserted$|^monitor$|^informational$", None),
    (r"log (area )?(reset|cleared)", None),
    (r"^ok$|transition to ok|^fully redundant|limit not exceeded|performance met", "good"),
    (r"predictive failure deasserted|transition to running|in test|^(s0|g0)", "good"),
    (r"non-?recoverable|unrecoverable", "critical"),
    (r"non-?critical|nominal.*warning", "warning"),
    (r"(input|ac) lost|lost or out-of-range", "no_input"),
    (r"out-of-range|predictive fail", "warning"),
    (r"standby state|supply inactive|hot spare", "standby"),
    (r"^(power off|power off/power down|power cycle)", "disabled"),
    (r"(device|entity|processor|slot.*|device.*) (removed/)?(absent|disabled)$", "absent"),
    (r"failure detected|drive fault|battery failed|device fail", "failed"),
    (r"logging (limit|disabled)|log(ging)? disabled|sel (almost )?full", "warning"),
    (r"uncorrectable|thermal trip|ierr|\bfatal|critical|in failed array|parity$", "critical"),
    (r"(?<!un)correctable|throttled|battery low|degraded|intrusion|leash lost", "warning"),
    (r"rebuild|consistency check|parity check", "warning"),
    (r"redundancy (lost|degraded)|non-?redundant", "warning"),
    (r"config(uration)? error|configuration mismatch|incorrect", "warning"),
    (r"presence|\bpresent|is connected|inserted|enabled$", "good"),
    (r"timer expired|hard reset", "warning"),
    (r"deassert", "good"),
    (r"fail|fault|error|lost|exceeded|overtemp|over-?heat|abort|timeout|nmi|perr|serr", "warning"),
)  # fmt: skip
_COMPILED = [(re.compile(pattern, re.IGNORECASE), verdict) for pattern, verdict in _RULES]
#: States of redundancy, generic event type 0x0B.
_REDUNDANCY = (
    (re.compile(r"^fully redundant", re.I), "full"),
    (re.compile(r"redundancy lost", re.I), "lost"),
    (re.compile(r"insufficient resources", re.I), "insufficient"),
    (re.compile(r"non-?redundant", re.I), "not redundant"),
    (re.compile(r"redundancy degraded", re.I), "degraded"),
)
#: Verdicts of the tools: FreeIPMI's states, ipmitool's statuses.
_STATUS = {
    **{"nominal": "good", "warning": "warning", "critical": "critical"},
    **{"ok": "good", "nc": "warning", "lnc": "warning", "unc": "warning", "cr": "critical"},
    **{"lcr": "critical", "ucr": "critical", "nr": "critical", "lnr": "critical"},
    "unr": "critical",
}


def verdict_of_event(words: str) -> str | None:
    """Verdict on a part of which this is said; None if the words say nothing of how it is."""
    return next((v for pattern, v in _COMPILED if pattern.search(words.strip())), None)


def redundancy_of(events: tuple[str, ...]) -> str:
    """State of redundancy that events tell of: full, degraded, not redundant, insufficient, lost;
    empty if they tell of none."""
    told = (state for e in events for pattern, state in _REDUNDANCY if pattern.search(e.strip()))
    return next(told, "")


def verdict_of_status(status: str) -> str | None:
    """Verdict of the tool itself; None if it has none."""
    return _STATUS.get(status)
