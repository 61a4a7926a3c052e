"""Asking a BMC by Redfish over HTTP, in a worker; in a file of its own for what it imports.

One connection a round.
"""

import http.client
import json
import time
from typing import Any

from hwagent.config.bmcs import Bmc
from hwagent.model import Sample

from . import redfish, redfish_access
from .document import load
from .ipmi_ask import renamed
from .redfish_walk import DOCUMENTS_MAX, walk
from .root import SIZE_MAX, Unreadable


def samples(bmc: Bmc, deadline: float) -> list[Sample]:
    """The BMC and what it tells of. Raises Unreadable if it does not answer as a BMC does."""
    service = None
    try:
        service = Service(bmc, time.monotonic() + deadline)
        documents = service.read()
    except (OSError, http.client.HTTPException) as e:
        why = getattr(e, "strerror", None) or str(e) or type(e).__name__
        raise Unreadable(f"bmc {bmc.name}", why) from None
    except ValueError as e:
        raise Unreadable(f"bmc {bmc.name}", str(e)) from None
    finally:
        if service is not None:
            service.close()
    found = redfish.decode(json.dumps(documents).encode())
    own = Sample(id=f"bmc:{bmc.name}", kind="bmc", attributes={"name": bmc.name})
    own.metrics["documents"] = len(documents)
    if service.lost:
        own.problems["documents"] = "; ".join(service.lost)[:200]
    return [own, *(renamed(s, "redfish", bmc.name) for s in found)]


class Service:
    """One connection to a Redfish service. Raises OSError, HTTPException, ValueError."""

    def __init__(self, bmc: Bmc, end: float) -> None:
        self._bmc = bmc
        self._end = end
        self._connection: http.client.HTTPConnection | None = None
        self._headers = redfish_access.headers(bmc)
        #: Documents that could not be had, and why.
        self.lost: list[str] = []

    def read(self) -> list[dict[str, Any]]:
        """Walks through the service and returns what tells of health."""
        steps, asked = walk(), 0
        path = next(steps)
        try:
            while True:
                asked += 1
                if asked > DOCUMENTS_MAX:
                    raise ValueError(f"more than {DOCUMENTS_MAX} documents")
                path = steps.send(self._document(path, first=asked == 1))
        except StopIteration as e:
            documents: list[dict[str, Any]] = e.value
            return documents

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()

    def _document(self, path: str, first: bool) -> Any:
        """A document; None for one that is not there. The root and a refusal are for all."""
        status, data = self._exchange(path)
        if status in (401, 403):
            raise ValueError(f"HTTP {status}: it does not accept the user and password")
        if status == 200:
            try:
                return load(data)
            except ValueError as e:
                status, why = 0, str(e)
        else:
            why = f"HTTP {status}"
        if first:
            raise ValueError(f"{path}: {why}")
        if status != 404:
            self.lost.append(f"{path}: {why}")
        return None

    def _exchange(self, path: str) -> tuple[int, bytes]:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("it takes too long to answer")
        connection = self._connect(min(left, float(self._bmc.timeout)))
        try:
            connection.request("GET", path, headers=self._headers)
            response = connection.getresponse()
            data = response.read(SIZE_MAX + 1)
        except TimeoutError:
            raise TimeoutError(f"no answer within {float(self._bmc.timeout):g} s") from None
        if response.will_close or not response.isclosed():
            connection.close()
        return response.status, data

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._new(timeout)
        self._connection.timeout = timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        return self._connection

    def _new(self, timeout: float) -> http.client.HTTPConnection:
        address, port = self._bmc.address, redfish_access.port(self._bmc)
        context = redfish_access.context(self._bmc)
        if context is None:
            return http.client.HTTPConnection(address, port, timeout=timeout)
        return http.client.HTTPSConnection(address, port, timeout=timeout, context=context)
