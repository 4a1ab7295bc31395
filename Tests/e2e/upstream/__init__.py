"""A stand-in for all nine providers: it says no to whatever the real ones would say no to, and
keeps every request, so that a test can look at what has left the gateway."""

from .answers import CLOSE, HANG, RESET, Answer, Gate, Pause, Raw, json_answer, sse_answer
from .origin import Connection, Origin
from .request import Request
from .server import INTEGRATIONS, Upstream

__all__ = [
    "Answer",
    "CLOSE",
    "Connection",
    "Gate",
    "HANG",
    "INTEGRATIONS",
    "Origin",
    "Pause",
    "RESET",
    "Raw",
    "Request",
    "Upstream",
    "json_answer",
    "sse_answer",
]
