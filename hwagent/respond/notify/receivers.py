"""The receivers of a configuration, each with a name and options that can cross to a worker."""

from collections.abc import Iterator

import msgspec

from hwagent.config import Notify


class SocketOptions(msgspec.Struct, frozen=True):
    """A local datagram socket."""

    socket: str
    timeout: float = 5.0


class ExecOptions(msgspec.Struct, frozen=True):
    """A command and its time limit in seconds."""

    command: list[str]
    timeout: float = 30.0


class UrlOptions(msgspec.Struct, frozen=True):
    """Where to POST; ``headers_file`` holds secret header lines."""

    url: str
    headers_file: str = ""
    timeout: float = 10.0


class SmtpOptions(msgspec.Struct, frozen=True):
    """A mail relay; ``password_file`` holds the password of ``user``."""

    host: str
    to: list[str]
    sender: str = "hwagent@localhost"
    port: int = 25
    starttls: bool = False
    user: str = ""
    password_file: str = ""
    timeout: float = 30.0


Options = SocketOptions | ExecOptions | UrlOptions | SmtpOptions


class Receiver(msgspec.Struct, frozen=True):
    """Somebody to tell: ``name`` is shown to people, ``kind`` is the file in this package."""

    name: str
    kind: str
    options: Options


def receivers(notify: Notify) -> list[Receiver]:
    """All receivers; a second one of a kind is numbered: webhook, webhook-2."""
    found = []
    if notify.journald:
        found.append(Receiver("journald", "journald", SocketOptions("/run/systemd/journal/socket")))
    if notify.syslog:
        found.append(Receiver("syslog", "syslog", SocketOptions("/dev/log")))
    for kind, options in _configured(notify):
        number = 1 + sum(r.kind == kind for r in found)
        found.append(Receiver(kind if number == 1 else f"{kind}-{number}", kind, options))
    return found


def _configured(notify: Notify) -> Iterator[tuple[str, Options]]:
    for script in notify.exec:
        yield "exec", ExecOptions(list(script.command), float(script.timeout))
    for kind, places in (("webhook", notify.webhook), ("alertmanager", notify.alertmanager)):
        for place in places:
            yield kind, UrlOptions(place.url, place.headers_file, float(place.timeout))
    for mail in notify.smtp:
        plain = {f: getattr(mail, f) for f in mail.__struct_fields__}
        yield "smtp", SmtpOptions(**{**plain, "timeout": float(mail.timeout)})
