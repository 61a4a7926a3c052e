"""What the holder tells of one address. Pure."""

from .protocol import VipStatus
from .ward import Ward


def vip_status(ward: Ward, holder: str, epoch: int, now: float, started: float) -> VipStatus:
    """The address's status: ``holder`` has it with ``epoch``, as far as the voter here knows.

    ``started`` is the time of day at which CLOCK_BOOTTIME was 0.
    """
    held = ward.state == "held"
    reason, rival = ward.reason, ward.rival.told(now) if held else ""
    if rival:
        reason = f"also answered for by {rival}"
    if holder and ward.state == "released" and reason == ward.wanting:
        reason = f"held by {holder}"
    return VipStatus(
        ward.address,
        ward.interface,
        ward.state,
        round(ward.since + started, 2),
        reason,
        ward.group,
        ward.epoch if held or ward.state == "preparing" else epoch,
        holder,
        rival,
        ward.rival.count,
        None if held else ward.answering,
    )
