"""Accounts to sign in with, on both sides, and the requests that do it."""

import asyncio
from dataclasses import dataclass

from ..clients import all_answered, post_request
from ..peers import countersign, pocketbase
from ..peers.countersign import PASSWORD
from ..programs import Failure, Program, say
from ..rig import Rig

COUNT = 250
# Enough to keep every core hashing.
MAKERS = 8


@dataclass
class SignIns:
    """A server, and one request for each account that signs it in."""

    name: str
    origin: str
    program: Program
    requests: list[bytes]
    # How its session check is asked.
    check_url: str
    check_authorization: str
    check_script: str = ""


def ours(rig: Rig) -> SignIns:
    server = countersign.start(rig)
    emails = [f"user-{number}@example.com" for number in range(COUNT)]
    bodies = [{"email": email, "password": PASSWORD} for email in emails]
    make(server.origin, "/api/auth/register", bodies)
    logins = [post_request(server.origin, "/api/auth/login", body) for body in bodies]
    check = server.origin + "/api/auth/session"
    return SignIns(
        "Countersign", server.origin, server.program, logins, check, f"Bearer {server.session}"
    )


def pocketbases(rig: Rig) -> SignIns:
    server = pocketbase.start(rig)
    emails = [f"user-{number}@example.com" for number in range(COUNT)]
    users = [pocketbase.user(email) for email in emails]
    make(server.origin, "/api/collections/users/records", users, server.superuser)
    path = "/api/collections/users/auth-with-password"
    logins = [
        post_request(server.origin, path, {"identity": email, "password": PASSWORD})
        for email in emails
    ]
    check = server.origin + "/api/collections/users/auth-refresh"
    return SignIns(
        "PocketBase", server.origin, server.program, logins, check, server.token, "post.lua"
    )


def make(origin: str, path: str, bodies: list[dict], token: str = "") -> None:
    say(f"making {len(bodies)} accounts")
    requests = [post_request(origin, path, body, token) for body in bodies]
    answers = asyncio.run(all_answered(origin, requests, MAKERS))
    refused = [answer.status for answer in answers if not 200 <= answer.status < 300]
    if refused:
        raise Failure(f"{len(refused)} of {len(answers)} accounts were refused: {refused[0]}")
