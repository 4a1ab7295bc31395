"""What the end-to-end tests share: the real binary, a caller, an authenticator, raw sockets."""

from .authenticator import Authenticator
from .client import Client, fresh_email
from .program import BINARY, REPOSITORY, Refused, run_program
from .raw import RawReply, exchange
from .server import Server, directory_hash

__all__ = [
    "Authenticator",
    "BINARY",
    "Client",
    "REPOSITORY",
    "RawReply",
    "Refused",
    "Server",
    "directory_hash",
    "exchange",
    "fresh_email",
    "run_program",
]
