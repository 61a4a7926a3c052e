"""A script of the user's, called once for each alert: old scripts go on working.

It gets HWAGENT_* variables and the text on its standard input; for disks smartd's variables
(smartd.conf(5), -M exec); for arrays mdadm's arguments, the event, the array and the member
(mdadm(8), --program). smartd has no word for what is over, so then its variables are left out.
"""

import os
import subprocess
import time
from collections.abc import Mapping

from .message import Item, Message, fingerprint, follows, labels, paragraph
from .receivers import ExecOptions

OPTIONS = ExecOptions
#: Bytes of one variable; the kernel allows 128 KiB (execve(2), MAX_ARG_STRLEN).
_VALUE_MAX = 8192
#: What a script finds in its environment besides.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
_SHOWN = 300
_DAY = 86400.0
#: smartd's types of failure, by rule.
FAILTYPES = {
    "Test": "EmailTest",
    "SmartFailed": "Health",
    "SmartPrefailure": "Health",
    "SmartOldAge": "Usage",
    "SelftestFailed": "SelfTest",
    "AtaErrors": "ErrorCount",
    "PendingSectors": "CurrentPendingSector",
    "PendingSectorsMany": "CurrentPendingSector",
    "OfflineUncorrectable": "OfflineUncorrectableSector",
    "DiskHot": "Temperature",
    "DiskOverheated": "Temperature",
    "NvmeTemperature": "Temperature",
    "DiskVanished": "FailedOpenDevice",
    "DiskOffline": "FailedOpenDevice",
}
#: mdadm's events, by rule and status.
EVENTS = {
    ("Test", "firing"): "TestMessage",
    ("ArrayDegraded", "firing"): "DegradedArray",
    ("ArrayDegraded", "resolved"): "SpareActive",
    ("ArrayMemberFaulty", "firing"): "Fail",
    ("ArrayVanished", "firing"): "DeviceDisappeared",
    ("ArrayInactive", "firing"): "DeviceDisappeared",
    ("ArrayVanished", "resolved"): "NewArray",
    ("ArraySyncing", "firing"): "RebuildStarted",
    ("ArraySyncing", "resolved"): "RebuildFinished",
}


def deliver(options: ExecOptions, message: Message) -> str:
    """Runs the script for each alert until one run fails. Raises OSError."""
    for item in message.alerts:
        if problem := _run(options, item, message):
            return problem
    return ""


def arguments(item: Item) -> list[str]:
    """mdadm's for arrays, none for others; a rule that mdadm has no event for goes by its name."""
    if item.kind != "array":
        return []
    event = EVENTS.get((item.rule, item.status))
    if event is None:
        event = item.rule if item.status == "firing" else f"{item.rule}Resolved"
    faulty = item.attributes.get("faulty") or []
    return [event, device(item), *(f"/dev/{name}" for name in faulty[:1])]


def environment(options: ExecOptions, item: Item, message: Message) -> dict[str, str]:
    """All variables of one call."""
    found = {name: os.environ[name] for name in _KEPT if name in os.environ}
    found |= _own(item, message)
    if item.status == "firing" and (item.kind == "disk" or item.rule == "Test"):
        found |= _of_smartd(options, item, message)
    return {k: v.replace("\0", "")[:_VALUE_MAX] for k, v in found.items()}


def device(item: Item) -> str:
    """Device file: the kernel's name if it is known, else udev's link, which has the same name as
    the component."""
    name = item.attributes.get("name") or item.attributes.get("device")
    if name:
        return f"/dev/{str(name).removeprefix('/dev/')}"
    places = {"disk": "/dev/disk/by-id/", "array": "/dev/"}
    if item.kind not in places:
        return ""
    return places[item.kind] + item.component.partition(":")[2]


def _own(item: Item, message: Message) -> dict[str, str]:
    return {
        "HWAGENT_STATUS": item.status,
        "HWAGENT_HOST": message.host,
        "HWAGENT_RULE": item.rule,
        "HWAGENT_COMPONENT": item.component,
        "HWAGENT_KIND": item.kind,
        "HWAGENT_SEVERITY": str(item.severity),
        "HWAGENT_SUMMARY": item.summary,
        "HWAGENT_DESCRIPTION": item.description,
        "HWAGENT_SINCE": str(int(item.since)),
        "HWAGENT_ENDED": str(int(item.ended)) if item.status == "resolved" else "",
        "HWAGENT_PREVIOUS": str(item.previous),
        "HWAGENT_FLAPPING": str(int(item.flapping)),
        "HWAGENT_FOLLOWS": follows(item),
        "HWAGENT_FINGERPRINT": fingerprint(labels(item, message.host)),
        **{f"HWAGENT_LABEL_{_name(k)}": v for k, v in item.labels.items()},
        **{f"HWAGENT_VALUE_{_name(k)}": str(v) for k, v in item.values.items()},
    }


def _of_smartd(options: ExecOptions, item: Item, message: Message) -> dict[str, str]:
    kind = FAILTYPES.get(item.rule, item.rule)
    first = item.first or message.time
    known = item.attributes
    info = (("", "model"), ("S/N:", "serial"), ("WWN:", "wwn"), ("FW:", "firmware"))
    return {
        "SMARTD_MAILER": options.command[0],
        "SMARTD_DEVICE": device(item),
        "SMARTD_DEVICESTRING": device(item),
        "SMARTD_DEVICETYPE": "nvme" if known.get("transport") == "nvme" else "auto",
        "SMARTD_DEVICEINFO": ", ".join(f"{p}{known[k]}" for p, k in info if known.get(k)),
        "SMARTD_FAILTYPE": kind,
        "SMARTD_SUBJECT": f"SMART error ({kind}) detected on host: {message.host}",
        "SMARTD_MESSAGE": f"Device: {device(item)}, {item.summary}",
        "SMARTD_FULLMESSAGE": text(item, message),
        "SMARTD_TFIRST": time.strftime("%a %b %e %H:%M:%S %Y %Z", time.localtime(first)),
        "SMARTD_TFIRSTEPOCH": str(int(first)),
        "SMARTD_PREVCNT": str(item.previous),
        "SMARTD_NEXTDAYS": str(round(item.resend / _DAY)) if item.resend else "",
    }


def text(item: Item, message: Message) -> str:
    """What the script can send on as it is."""
    return f"This message was generated by hwagent on {message.host}.\n\n{paragraph(item)}\n"


def _run(options: ExecOptions, item: Item, message: Message) -> str:
    name = options.command[0]
    try:
        done = subprocess.run(
            [*options.command, *arguments(item)],
            input=text(item, message).encode("utf-8", "replace"),
            env=_encodable(environment(options, item, message)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=options.timeout,
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{name} did not end within {options.timeout:g} s"
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip()[-_SHOWN:]
    return f"{name} ended with status {done.returncode}: {said}".rstrip(": ")


def _encodable(environment: Mapping[str, str]) -> dict[bytes, bytes]:
    return {k.encode(): v.encode("utf-8", "replace") for k, v in environment.items()}


def _name(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text).upper()
