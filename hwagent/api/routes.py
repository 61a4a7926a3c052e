"""The table of the API; openapi.yaml beside it describes the same."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from .backend import Backend, Refused
from .http import Request, Response, json_response, problem

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
#: A comment line this often keeps proxies and readers sure that the stream lives.
HEARTBEAT = 15.0


class Route(NamedTuple):
    """One line of the table; ``control`` is not for everybody who may read."""

    method: str
    path: re.Pattern[str]
    handler: Callable[[Request, dict[str, str]], Awaitable[Response]]
    control: bool = False


class Router:
    """Finds the handler of a request.

    Control is for root, the agent's own user, and members of the group ``admins`` (its number).
    """

    def __init__(self, backend: Backend, admins: int | None = None) -> None:
        self._backend = backend
        self._admins = admins
        self._routes = [
            Route("GET", _path("/v1/status"), self._status),
            Route("GET", _path("/v1/members"), self._members),
            Route("GET", _path("/v1/fleet"), self._fleet),
            Route("GET", _path("/v1/topology"), self._topology),
            Route("GET", _path("/v1/audit"), self._audit),
            Route("GET", _path("/v1/causes"), self._causes),
            Route("GET", _path("/v1/limits"), self._limits),
            Route("GET", _path("/v1/rtt"), self._rtt),
            Route("GET", _path("/v1/components"), self._components),
            Route("GET", _path("/v1/components/{id}"), self._component),
            Route("GET", _path("/v1/alerts"), self._alerts),
            Route("GET", _path("/v1/actions"), self._actions),
            Route("GET", _path("/v1/history"), self._history),
            Route("GET", _path("/v1/events"), self._events),
            Route("GET", _path("/v1/openapi.yaml"), self._openapi),
            Route("GET", _path("/metrics"), self._metrics),
            Route("POST", _path("/v1/control/{command}"), self._control, control=True),
        ]

    async def handle(self, request: Request) -> Response:
        """Answers one request; never raises."""
        allowed = set()
        for route in self._routes:
            match = route.path.fullmatch(request.path)
            if match and route.method == request.method:
                return await self._call(route, request, match.groupdict())
            if match:
                allowed.add(route.method)
        if allowed:
            return problem(405, f"{request.path} takes {', '.join(sorted(allowed))}")
        return problem(404, f"no such resource: {request.path}; see /v1/openapi.yaml")

    async def _call(self, route: Route, request: Request, parts: dict[str, str]) -> Response:
        if route.control and not self._may_control(request):
            return problem(403, "only root and members of api.admin_group may do this")
        try:
            return await route.handler(request, parts)
        except Refused as e:
            return problem(e.status, str(e))

    def _may_control(self, request: Request) -> bool:
        return request.uid in (0, os.geteuid()) or self._admins in request.groups

    async def _status(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response(self._backend.status())

    async def _members(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response({"members": self._backend.members()})

    async def _fleet(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response(self._backend.fleet())

    async def _topology(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response(await self._backend.topology())

    async def _causes(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response(await self._backend.causes())

    async def _audit(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response(await self._backend.audit(request.query.get("what_if", "")))

    async def _limits(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response(self._backend.limits())

    async def _rtt(self, request: Request, parts: dict[str, str]) -> Response:
        ends = (request.query.get(key, "") for key in ("from", "to"))
        return json_response(self._backend.rtt(*ends))

    async def _components(self, request: Request, parts: dict[str, str]) -> Response:
        wanted = {k: v for k, v in request.query.items() if k in ("kind", "health")}
        found = [
            c
            for c in self._backend.components()
            if all(getattr(c, key) == value for key, value in wanted.items())
        ]
        return json_response({"components": found})

    async def _component(self, request: Request, parts: dict[str, str]) -> Response:
        component = self._backend.component(parts["id"])
        if component is None:
            return problem(404, f"no such component: {parts['id']}")
        return json_response(component)

    async def _alerts(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response({"alerts": self._backend.alerts()})

    async def _actions(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response({"actions": self._backend.outcomes()})

    async def _history(self, request: Request, parts: dict[str, str]) -> Response:
        return json_response({"records": await self._backend.history(request.query)})

    async def _events(self, request: Request, parts: dict[str, str]) -> Response:
        text = request.headers.get("last-event-id") or request.query.get("after", "")
        after = int(text) if text.isdecimal() else None
        stream = _server_sent(self._backend.events(after))
        return Response(type="text/event-stream", stream=stream)

    async def _metrics(self, request: Request, parts: dict[str, str]) -> Response:
        return Response(body=self._backend.metrics(), type=OPENMETRICS)

    async def _openapi(self, request: Request, parts: dict[str, str]) -> Response:
        text = Path(__file__).with_name("openapi.yaml").read_bytes()
        return Response(body=text, type="application/yaml")

    async def _control(self, request: Request, parts: dict[str, str]) -> Response:
        try:
            arguments = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
        except msgspec.DecodeError as e:
            return problem(400, f"expected a JSON object: {e}")
        return json_response(await self._backend.control(parts["command"], arguments))


async def _server_sent(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Events in the format of the WHATWG HTML standard, section 9.2."""
    yield b": hwagent\n\n"
    iterator = aiter(events)
    pending = asyncio.ensure_future(anext(iterator, None))
    try:
        while True:
            done, _ = await asyncio.wait([pending], timeout=HEARTBEAT)
            if not done:
                yield b":\n\n"
                continue
            if (event := pending.result()) is None:
                return
            head = f"id: {event['id']}\nevent: {event['type']}\ndata: ".encode()
            yield head + msgspec.json.encode(event) + b"\n\n"
            pending = asyncio.ensure_future(anext(iterator, None))
    finally:
        pending.cancel()


def _path(template: str) -> re.Pattern[str]:
    """A path with parts in braces; the last part may hold slashes, as component ids do."""
    pattern = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>.+)", pattern))
