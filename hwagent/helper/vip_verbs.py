"""The verb for services that run with a virtual IP.

The agent names an address and what is to be done, the configuration says with what: a command
or unit that stands nowhere in it is never run. What was started is written down, so that the same
is stopped whatever the configuration says by then.
"""

import os
import time
from ipaddress import ip_interface
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from hwagent.collect.root import Root
from hwagent.config import Config, ConfigError, host_name, load_config
from hwagent.config.vip_services import Hook, VipServices, services_of

from .hook import run_hook, system
from .trust import TRUST, trusted
from .verb import Verb, VerbRefused

#: Whatever the others took, each stop has so many seconds.
_LEAST = 1.0
Address = Annotated[str, msgspec.Meta(max_length=64)]


class Duty(msgspec.Struct, frozen=True):
    """What runs with an address on this host."""

    address: str
    group: str
    host: str
    services: VipServices


class VipService(Verb, frozen=True):
    """Starts or stops what runs with an address, starts it again, or checks that it could.

    ``epoch``, ``state`` and ``reason`` are for the hooks. Units in ``keep`` are left running when
    all else is stopped: another address needs them.
    """

    vip: Address
    step: Literal["start", "repeat", "stop", "check"]
    epoch: int = 0
    state: Annotated[str, msgspec.Meta(max_length=20)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    keep: tuple[str, ...] = ()

    def perform(self, root: Root) -> str:
        """Raises VerbRefused with all that went wrong."""
        if not root.live:
            raise VerbRefused("services run on live hosts only")
        match self.step:
            case "check":
                self._check(configured(self.vip))
            case "stop":
                self._stop(recorded(self.vip) or configured(self.vip))
                forget(self.vip)
            case _:
                duty = configured(self.vip)
                record(self.vip, duty)
                self._start(duty)
        return ""

    def _start(self, duty: Duty) -> None:
        end = time.monotonic() + float(duty.services.start_timeout)
        for item in duty.services.run:
            if isinstance(item, str):
                system(["systemctl", "--no-ask-password", "start", "--", item], end, _unit(item))
            elif item.start:
                run_hook(item.start, self._environment(duty), _job(self.vip), end)

    def _stop(self, duty: Duty) -> None:
        end = time.monotonic() + float(duty.services.stop_timeout)
        problems = []
        for item in reversed(duty.services.run):
            try:
                self._stop_one(duty, item, max(end, time.monotonic() + _LEAST))
            except VerbRefused as e:
                problems.append(str(e))
        if problems:
            raise VerbRefused("; ".join(problems))

    def _stop_one(self, duty: Duty, item: str | Hook, end: float) -> None:
        if isinstance(item, Hook):
            if item.stop:
                run_hook(item.stop, self._environment(duty), _job(self.vip), end)
        elif item not in self.keep:
            system(["systemctl", "--no-ask-password", "stop", "--", item], end, _unit(item))

    def _check(self, duty: Duty) -> None:
        end = time.monotonic() + float(duty.services.start_timeout)
        for item in duty.services.run:
            for words in (item.start, item.stop) if isinstance(item, Hook) else ():
                if words and not os.access(trusted(words[0]), os.X_OK):
                    raise VerbRefused(f"{words[0]} cannot be executed")
            if isinstance(item, str):
                system(["systemctl", "--quiet", "cat", "--", item], end, _unit(item))

    def _environment(self, duty: Duty) -> dict[str, str]:
        return {
            "HWAGENT_VIP": duty.address,
            "HWAGENT_ADDRESS": duty.address.partition("/")[0],
            "HWAGENT_STEP": self.step,
            "HWAGENT_EPOCH": str(self.epoch),
            "HWAGENT_STATE": self.state,
            "HWAGENT_REASON": self.reason.replace("\0", ""),
            "HWAGENT_GROUP": duty.group,
            "HWAGENT_HOST": duty.host,
        }


def configured(vip: str) -> Duty:
    """What the configuration has run with an address. Raises VerbRefused."""
    try:
        config: Config = load_config(TRUST.configuration())
        wanted = str(ip_interface(vip))
    except (ConfigError, ValueError) as e:
        raise VerbRefused(str(e)) from None
    for known in config.vips:
        if str(ip_interface(known.address)) == wanted:
            host = host_name(config)
            return Duty(known.address, known.group, host, services_of(config, known))
    raise VerbRefused(f"no address {vip} in the configuration")


def record(vip: str, duty: Duty) -> None:
    """Writes down what is about to be started. Raises OSError."""
    place = _place(vip)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = place.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(duty, enc_hook=float))
    new.chmod(0o600)
    new.rename(place)


def recorded(vip: str) -> Duty | None:
    """What was started and not stopped yet; nothing if that is not known."""
    place = _place(vip)
    if not place.exists():
        return None
    try:
        return msgspec.json.decode(Path(trusted(str(place))).read_bytes(), type=Duty, dec_hook=_s)
    except (OSError, msgspec.DecodeError) as e:
        raise VerbRefused(f"what was started is not known: {place}: {e}") from None


def forget(vip: str) -> None:
    """All that was started is stopped."""
    _place(vip).unlink(missing_ok=True)


def _place(vip: str) -> Path:
    try:
        address = ip_interface(vip).ip
    except ValueError as e:
        raise VerbRefused(str(e)) from None
    return Path(TRUST.runtime) / "services" / f"{address}.json".replace(":", "-")


def _s(type: type, value: Any) -> Any:
    """Durations are written as plain numbers of seconds."""
    return type(value)


def _unit(name: str) -> str:
    return f"systemctl of {name}"


def _job(vip: str) -> str:
    """The name under which systemd runs a hook: one at a time for each address."""
    return f"hwagent-vip-{ip_interface(vip).ip}".replace(":", "-")
