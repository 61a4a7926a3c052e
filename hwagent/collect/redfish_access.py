"""How a BMC is spoken to by Redfish: its port, its certificate, our user and password."""

import base64
import ssl
from functools import lru_cache
from pathlib import Path

from hwagent.config.bmcs import Bmc
from hwagent.config.secret import first_line


def port(bmc: Bmc) -> int:
    """The port that counts."""
    return bmc.port or (80 if bmc.tls == "off" else 443)


def headers(bmc: Bmc) -> dict[str, str]:
    """Headers of a request, with the password as its file has it now. Raises ValueError.

    Basic authentication (DSP0266, 13.3.2): a session left behind by each look would fill the few
    that a BMC has.
    """
    found = {"Accept": "application/json", "OData-Version": "4.0"}
    if bmc.user:
        password = first_line(bmc.password_file).decode("utf-8", "replace")
        both = f"{bmc.user}:{password}".encode()
        found["Authorization"] = "Basic " + base64.b64encode(both).decode()
    return found


def context(bmc: Bmc) -> ssl.SSLContext | None:
    """How TLS is spoken; None for plain HTTP. Raises OSError for a bad file of authorities."""
    if bmc.tls == "off":
        return None
    authorities = bmc.ca_file or ssl.get_default_verify_paths().cafile or ""
    return _context(bmc.tls == "insecure", bmc.ca_file, _changed(authorities))


@lru_cache(maxsize=16)
def _context(insecure: bool, ca_file: str, changed: tuple[int, int]) -> ssl.SSLContext:
    """Made once, until its file changes: with the system's authorities it weighs a megabyte, and
    takes 45 ms."""
    made = ssl.create_default_context(cafile=ca_file or None)
    if insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def _changed(file: str) -> tuple[int, int]:
    """What differs once a file was written or replaced."""
    try:
        found = Path(file).stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino
