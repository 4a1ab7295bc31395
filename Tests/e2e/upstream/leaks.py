"""What of a caller must never arrive at a provider."""

import base64
import binascii
import re

from .credentials import Slot
from .request import Request

OUR_TOKEN = re.compile(rb"cs_[a-z]_[0-9A-Za-z]{8}")

FORBIDDEN = {
    "cookie": "a cookie",
    "cookie2": "a cookie",
    "forwarded": "who the caller is",
    "via": "who the caller is",
    "x-real-ip": "who the caller is",
    "x-client-ip": "who the caller is",
    "true-client-ip": "who the caller is",
    "x-http-method": "another method",
    "x-http-method-override": "another method",
    "x-method-override": "another method",
    "keep-alive": "hop-by-hop",
    "proxy-connection": "hop-by-hop",
    "proxy-authenticate": "hop-by-hop",
    "proxy-authorization": "hop-by-hop",
    "te": "hop-by-hop",
    "trailer": "hop-by-hop",
    "upgrade": "hop-by-hop",
    "http2-settings": "hop-by-hop",
}
# `Connection` is the gateway's own here; naming further headers would be the caller's doing.
CONNECTION_VALUES = {"keep-alive", "close"}


def leaks_of(request: Request, authority: str, surplus: list[Slot]) -> list[str]:
    found = [f"{slot.kind} {slot.name}: a credential of the caller's" for slot in surplus]
    for name, value in request.headers:
        key = name.lower()
        if key in FORBIDDEN or key.startswith("x-forwarded-"):
            found.append(f"{name}: {FORBIDDEN.get(key, 'who the caller is')}")
        if key == "connection" and value.lower() not in CONNECTION_VALUES:
            found.append(f"{name}: {value}")
        if OUR_TOKEN.search(value.encode("latin-1")) or OUR_TOKEN.search(decoded_basic(value)):
            found.append(f"{name}: a token of ours")
    if OUR_TOKEN.search(request.target.encode("latin-1")):
        found.append("target: a token of ours")
    if OUR_TOKEN.search(request.path.encode()) or OUR_TOKEN.search(str(request.query).encode()):
        found.append("target: a token of ours, encoded")
    if OUR_TOKEN.search(request.body):
        found.append("body: a token of ours")
    if (host := request.header("host")) != authority:
        found.append(f"Host: {host} instead of {authority}")
    if not request.target.startswith("/"):
        found.append(f"target: {request.target} is no path")
    return [f"{request} -> {what}" for what in found]


def decoded_basic(value: str) -> bytes:
    """What is in a Basic credential, where a token hides from a search of the text."""
    scheme, _, text = value.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""
