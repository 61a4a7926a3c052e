"""A worker: one job at a time, for as long as the agent wants it."""

import os
import socket
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hwagent.collect.root import Root, Unreadable

from .protocol import Job, Reply, encode, framed, receive

JobFunction = Callable[[Root, dict[str, Any]], Any]
_job = msgspec.msgpack.Decoder(Job)
_NOTHING = msgspec.Raw(encode(None))


def serve(stream: socket.socket, root: Root, jobs: Mapping[str, JobFunction]) -> None:
    """Does the jobs that come over a stream until it ends."""
    while (data := receive(stream)) is not None:
        stream.sendall(framed(encode(_answer(data, root, jobs))))


def _answer(data: bytes, root: Root, jobs: Mapping[str, JobFunction]) -> Reply:
    start = _seconds()
    try:
        job = _job.decode(data)
        value = encode(jobs[job.name](root, job.arguments))
    except KeyError as e:
        return Reply(_NOTHING, f"unknown: {e}", _seconds() - start)
    except Unreadable as e:
        return Reply(_NOTHING, str(e), _seconds() - start)
    except Exception as e:
        # Whatever a collector did not expect is a finding about it, not the end of the worker
        return Reply(_NOTHING, _where(e), _seconds() - start)
    return Reply(msgspec.Raw(value), "", _seconds() - start)


def _where(e: Exception) -> str:
    frame = traceback.extract_tb(e.__traceback__)[-1]
    text = f"{type(e).__name__}: {e} ({os.path.basename(frame.filename)}:{frame.lineno})"
    return text[:1000].encode("utf-8", "replace").decode()


def _seconds() -> float:
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system
