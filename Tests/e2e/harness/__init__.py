"""What the end-to-end tests share: the real binary, a caller, an authenticator, raw sockets, and
a gateway with a mock of all providers behind it."""

from . import sdks
from .authenticator import Authenticator
from .client import COOKIE_NAME, PASSWORD, Client, fresh_email
from .events import at, usage_event
from .gateway import (
    CALLERS_ACCOUNT_SID,
    CREDENTIALS,
    PRIVATE_UPSTREAMS,
    SECRETS,
    Gateway,
    check_our_error,
    forms_of_secrets,
    home_files,
    native_slot,
    provider_environment,
)
from .observed import Observation, observed
from .program import BINARY, REPOSITORY, Refused, run_program
from .raw import RawReply, exchange
from .server import Server, directory_hash
from .wire import Cut, Wire, WireAnswer, ask, request_head, wait_until_settled
from .wiretap import Wiretap

__all__ = [
    "Authenticator",
    "BINARY",
    "CALLERS_ACCOUNT_SID",
    "COOKIE_NAME",
    "CREDENTIALS",
    "Client",
    "Cut",
    "Gateway",
    "Observation",
    "PASSWORD",
    "PRIVATE_UPSTREAMS",
    "REPOSITORY",
    "RawReply",
    "Refused",
    "SECRETS",
    "Server",
    "Wire",
    "WireAnswer",
    "Wiretap",
    "ask",
    "at",
    "check_our_error",
    "directory_hash",
    "exchange",
    "forms_of_secrets",
    "fresh_email",
    "home_files",
    "native_slot",
    "observed",
    "provider_environment",
    "request_head",
    "run_program",
    "sdks",
    "usage_event",
    "wait_until_settled",
]
