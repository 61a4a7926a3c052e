"""POSTs JSON over HTTP, and nothing that a server answers is followed or believed."""

from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec

from hwagent import __version__

from .receivers import UrlOptions

#: Bytes of a refusal that are shown.
_SHOWN = 300


class _NoRedirect(HTTPRedirectHandler):
    """urllib would turn the POST into a GET, and the message be lost without a word."""

    def redirect_request(self, *args: Any, **options: Any) -> None:
        return None


def post(options: UrlOptions, url: str, document: Any) -> str:
    """Sends a document; returns what went wrong, without the path of the URL, which may be secret.

    Raises OSError for a file of headers that cannot be read, ValueError for one that is wrong.
    """
    place = urlsplit(url)
    where = f"{place.scheme}://{place.hostname}"
    if place.scheme not in ("http", "https") or not place.hostname:
        return "the URL must begin with http:// or https://"
    request = Request(url, msgspec.json.encode(document), _headers(options), method="POST")
    try:
        answer: HTTPResponse
        with build_opener(_NoRedirect).open(request, timeout=options.timeout) as answer:
            return "" if answer.status < 300 else f"{where} answered {answer.status}"
    except HTTPError as e:
        with e:
            text = e.read(_SHOWN).decode("utf-8", "replace").strip()
        return f"{where} answered {e.code}: {text or e.reason}"
    except URLError as e:
        return f"{where}: {e.reason}"
    except OSError as e:
        return f"{where}: {e or type(e).__name__}"


def _headers(options: UrlOptions) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": f"hwagent/{__version__}"}
    if options.headers_file:
        for line in Path(options.headers_file).read_text().splitlines():
            name, colon, value = line.partition(":")
            if not line.strip() or line.startswith("#"):
                continue
            if not colon:
                raise ValueError(f"{options.headers_file}: expected lines such as 'Name: value'")
            headers[name.strip()] = value.strip()
    return headers
