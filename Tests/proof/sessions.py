"""Rows A7 and A8: the cookie of a session, and the limits of the second step."""

from harness import Authenticator

from .ledger import shows
from .pages import Section
from .world import PASSWORD, Proof

PAGE = "answers"
VERIFY = "/api/auth/2fa/verify"
COOKIE_ATTRIBUTES = {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"}
LIMITS = ("ratelimit", "ratelimit-policy", "x-ratelimit-remaining")
# The default is 30 at once; one a second comes back while they run.
TRIES_MAX = 60
TRIES_OF_ONE_TOKEN = 5


@shows("A7", PAGE, "the session's cookie")
def cookie(proof: Proof, section: Section) -> str:
    """The cookies of the four calls that make a session, and what a page of another site gets
    with one."""
    email = "a7@example.com"
    caller = proof.caller(section)
    made = [caller.register(email, PASSWORD), caller.login(email, PASSWORD, quiet=True)]
    setup = caller("POST", "/api/auth/2fa/setup", quiet=True).json
    authenticator = Authenticator(setup["secret"])
    confirm = {"code": authenticator.code()}
    made.append(caller("POST", "/api/auth/2fa/confirm", confirm, quiet=True))
    temp_token = caller.login(email, PASSWORD, quiet=True).json["temp_token"]
    body = {"temp_token": temp_token, "code": authenticator.code()}
    made.append(caller("POST", VERIFY, body, session="", quiet=True))
    for answer in made:
        name, *attributes = answer.header("set-cookie").split("; ")
        assert name.startswith("__Host-countersign=") and answer.session not in answer.text
        assert set(attributes) >= COOKIE_ATTRIBUTES, attributes
        assert not any(one.lower().startswith("domain") for one in attributes), attributes
    assert len({answer.session for answer in made}) == len(made)
    section.say("The cookie with a request that a page of another site has made:")
    foreign = caller(
        "POST", "/api/auth/logout", expect=403, headers=("origin: https://other.example",)
    )
    caller("GET", "/api/auth/session", quiet=True)
    section.say("Signing out ends it:")
    caller("POST", "/api/auth/logout")
    old = made[-1].session
    caller("GET", "/api/auth/session", expect=401, session=old, quiet=True)
    return (
        f"{len(made)} of {len(made)} are HttpOnly, Secure, SameSite=Lax and `__Host-`, and the "
        f"session is in no body; from another site 403 `{foreign.json['error_code']}`"
    )


@shows("A8", PAGE, "the limits of the second step")
def limits(proof: Proof, section: Section) -> str:
    """Wrong codes on a server with the default limits: against one temp_token, against one
    account, and from one address."""
    email = "a8@example.com"
    caller = proof.person(section, email, proof.start(limits=True))
    authenticator, _ = caller.enrol(quiet=True)
    wrong = authenticator.wrong_code()

    def guess(temp_token: str, expect: int | None = 401, code: str = wrong, quiet: bool = True):
        body = {"temp_token": temp_token, "code": code}
        return caller("POST", VERIFY, body, expect=expect, session="", quiet=quiet, also=LIMITS)

    # All three before the first guess: an account that waits does so for a second only.
    logins = [caller.login(email, PASSWORD, quiet=True).json for _ in range(3)]
    first, second, third = [login["temp_token"] for login in logins]
    answers = [guess(first, quiet=False)]
    answers += [guess(first) for _ in range(TRIES_OF_ONE_TOKEN - 1)]
    assert {answer.json["error_code"] for answer in answers} == {"code_invalid"}
    section.say(f"That {TRIES_OF_ONE_TOKEN} times, and once more:")
    exhausted = guess(first, quiet=False).json["error_code"]
    assert exhausted == "temp_token_exhausted"

    section.say("With another temp_token until the account has 10 failures, then the right code:")
    for _ in range(TRIES_OF_ONE_TOKEN):
        guess(second)
    delayed = guess(third, 429, authenticator.code(), quiet=False)
    assert delayed.json["error_code"] == "too_many_attempts"
    assert delayed.header("retry-after") == str(delayed.json["retry_after_seconds"])

    section.say("And on, until the address is out of tries:")
    tries = 0
    while (refused := guess(third, None)).json["error_code"] != "rate_limited":
        tries += 1
        assert tries < TRIES_MAX, "no limit of the address is met"
    shown = guess(third, 429, quiet=False)
    for answer in (refused, shown):
        assert int(answer.header("retry-after")) >= 1, answer.headers
    total = 2 * TRIES_OF_ONE_TOKEN + 2 + tries
    return (
        f"a temp_token ends after {TRIES_OF_ONE_TOKEN} wrong codes (`{exhausted}`); after 10 the "
        "account waits, even with the right code (429 `too_many_attempts`); after "
        f"{total} tries and {len(logins)} sign-ins the address does (429 `rate_limited`, with "
        "Retry-After)"
    )
