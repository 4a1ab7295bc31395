"""What the end-to-end tests share: the real binary, a caller, an authenticator, raw sockets."""

from .authenticator import Authenticator
from .client import COOKIE_NAME, PASSWORD, Client, fresh_email
from .events import at, usage_event
from .program import BINARY, REPOSITORY, Refused, run_program
from .raw import RawReply, exchange
from .server import Server, directory_hash

__all__ = [
    "Authenticator",
    "BINARY",
    "COOKIE_NAME",
    "Client",
    "PASSWORD",
    "REPOSITORY",
    "RawReply",
    "Refused",
    "Server",
    "at",
    "directory_hash",
    "exchange",
    "fresh_email",
    "run_program",
    "usage_event",
]
