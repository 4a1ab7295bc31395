"""Rows U1, A1 and A2: the fields of a user, registering, signing in."""

import base64
import re

from .ledger import shows
from .pages import Section
from .world import PASSWORD, Proof, link, source

PAGE = "accounts"
USER_FILE = "Sources/Actors/Accounts/User.swift"
# The brief's name of a field, the declaration that holds it, and its name in answers.
FIELDS = [
    ("twoFactorEnabled", "var secondFactor: SecondFactor?", "two_factor_enabled"),
    ("twoFactorSecretEncrypted", "var sealedSecret: [UInt8]", ""),
    ("twoFactorBackupCodesHash", "var backupCodeHashes: [String?]", ""),
    ("twoFactorEnrolledAt", "var enrolledAt: Timestamp", "two_factor_enrolled_at"),
    ("phoneE164", "var phone: String?", "phone_e164"),
]


@shows("U1", PAGE, "the fields of a user")
def fields_of_a_user(proof: Proof, section: Section) -> str:
    """An account without and one with a phone number, before and after its second factor; then
    the whole data directory is searched for the secret and the backup codes."""
    text = source(USER_FILE)
    for _, declaration, _ in FIELDS:
        assert declaration in text, f"{declaration} is not in {USER_FILE}"
    section.say(f"Declared in {link(USER_FILE)}:")
    section.table(
        ["field", "declaration", "in answers"],
        [[name, f"`{line}`", f"`{shown}`" if shown else "never"] for name, line, shown in FIELDS],
    )
    server = proof.start()
    caller = proof.caller(section, server)
    plain = caller.register("u1@example.com", PASSWORD).json["user"]
    assert plain["two_factor_enabled"] is False and plain["phone_e164"] is None
    assert plain["two_factor_enrolled_at"] is None
    phone = {"phone_e164": "+14155550100"}
    caller.register("u1-phone@example.com", PASSWORD, quiet=True, **phone)
    authenticator, codes = caller.enrol(quiet=True)
    user = caller("GET", "/api/auth/session", jq=".user").rows[0]
    assert user["two_factor_enabled"] is True and user["two_factor_enrolled_at"].endswith("Z")
    assert user["phone_e164"] == "+14155550100"
    hidden = not {"secret", "sealed", "hash"} & set(re.findall(r"[a-z]+", " ".join(user)))
    assert hidden, f"a user's answer has {user.keys()}"
    needles = {authenticator.secret.encode(), base64.b32decode(authenticator.secret)}
    needles |= {form.encode() for code in codes for form in (code, code.replace("-", ""))}
    files = [path for path in server.data.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    assert size > 0 and any(path.name.startswith("wal-") for path in files)
    for path in files:
        content = path.read_bytes().lower()
        assert not any(needle.lower() in content for needle in needles), f"{path.name} has a secret"
    return (
        f"off by default, on after the enrolment; {len(needles)} forms of the secret and of the "
        f"{len(codes)} backup codes are in none of the {len(files)} files ({size:,} bytes) of the "
        "data directory"
    )


@shows("A1", PAGE, "registering")
def registering(proof: Proof, section: Section) -> str:
    """An account is made and signed in; the same address again is refused."""
    caller = proof.caller(section)
    made = caller.register("a1@example.com", PASSWORD)
    assert made.session and made.json["user"]["email"] == "a1@example.com"
    signed_in = caller("GET", "/api/auth/session", quiet=True).json["user"]
    assert signed_in["id"] == made.json["user"]["id"]
    body = {"email": "A1@example.com", "password": PASSWORD}
    again = caller("POST", "/api/auth/register", body, expect=409, session="")
    assert again.json["error_code"] == "email_taken" and not again.session
    return "201 with the user and a session; a second time 409 `email_taken`"


@shows("A2", PAGE, "signing in without and with a second factor")
def signing_in(proof: Proof, section: Section) -> str:
    """The same account signs in before and after it has turned the second factor on."""
    caller = proof.person(section, "a2@example.com")
    before = caller.login("a2@example.com", PASSWORD)
    assert before.session and before.json["user"]["email"] == "a2@example.com"
    section.say("It turns the second factor on, and signs in again:")
    caller.enrol(quiet=True)
    after = caller.login("a2@example.com", PASSWORD)
    assert after.json["requires_2fa"] is True and after.json["temp_token"]
    assert "user" not in after.json and not after.header("set-cookie")
    section.say("What it got is no session:")
    temp_token = after.json["temp_token"]
    caller("GET", "/api/auth/session", expect=401, token=temp_token)
    caller("GET", "/api/auth/session", expect=401, session=temp_token, quiet=True)
    return (
        "a session at first; then `requires_2fa` with a temp_token, no cookie, and the "
        "temp_token opens nothing, neither as a token nor as a cookie"
    )
