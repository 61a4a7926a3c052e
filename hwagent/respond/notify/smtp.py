"""Mail through a relay. Source: RFC 5322; RFC 3834 for mails that no machine should answer."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from .message import Item, Message, fingerprint, labels, paragraph
from .receivers import SmtpOptions

OPTIONS = SmtpOptions
_SUBJECT_MAX = 160


def deliver(options: SmtpOptions, message: Message) -> str:
    """Sends one mail to all. Raises OSError, of which smtplib's errors are a kind."""
    with smtplib.SMTP(options.host, options.port, timeout=options.timeout) as relay:
        if options.starttls:
            relay.starttls(context=ssl.create_default_context())
        if options.user:
            password = Path(options.password_file).read_text().strip()
            relay.login(options.user, password)
        refused = relay.send_message(mail(options, message))
    return f"refused: {', '.join(refused)}" if refused else ""


def mail(options: SmtpOptions, message: Message) -> EmailMessage:
    """The mail: what is worst in the subject, everything in the text."""
    made = EmailMessage()
    made["From"] = options.sender
    made["To"] = ", ".join(options.to)
    made["Subject"] = subject(message)
    made["Date"] = formatdate(message.time)
    made["Message-ID"] = f"<{int(message.time * 1000)}.{_key(message)}@{_word(message.host)}>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Hwagent-Status"] = message.status
    made.set_content("\n\n".join(paragraph(i) for i in message.alerts) + "\n")
    return made


def subject(message: Message) -> str:
    """One alert by its summary, several by their number and the first."""
    fires = [a for a in message.alerts if a.status == "firing"]
    over = len(message.alerts) - len(fires)
    first = (fires or message.alerts)[0]
    if len(message.alerts) == 1:
        count = _head(first)
    else:
        parts = [(len(fires), "alerts"), (over, "resolved")]
        count = ", ".join(f"{n} {word}" for n, word in parts if n)
    text = " ".join(f"[{message.host}] {count}: {first.summary}".split())
    return text if len(text) <= _SUBJECT_MAX else text[: _SUBJECT_MAX - 3] + "..."


def _head(item: Item) -> str:
    return "resolved" if item.status == "resolved" else str(item.severity)


def _key(message: Message) -> str:
    return fingerprint(labels(message.alerts[0], message.host))


def _word(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "-" for c in text) or "-"
