"""Rows A3 to A6: turning the second factor on, using it, turning it off."""

from harness import Authenticator

from . import shell
from .ledger import shows
from .pages import Section
from .world import PASSWORD, Proof

PAGE = "accounts"


@shows("A3", PAGE, "setting the second factor up")
def setting_up(proof: Proof, section: Section) -> str:
    """The QR code of the answer is drawn and read by zbarimg; a second setup has another secret,
    and once it is confirmed there is nothing that would show it again."""
    caller = proof.caller(section)
    caller("POST", "/api/auth/2fa/setup", expect=401, session="")
    caller.register("a3@example.com", PASSWORD, quiet=True)
    first = caller("POST", "/api/auth/2fa/setup").json
    assert first["otpauth_url"].startswith("otpauth://totp/")
    assert f"secret={first['secret']}" in first["otpauth_url"]
    folder = proof.folder("qr")
    (folder / "qr.svg").write_text(first["qr_svg"])
    for command in (
        ["rsvg-convert", "--zoom", "4", "--background-color", "white", "-o", "qr.png", "qr.svg"],
        ["zbarimg", "--quiet", "--raw", "qr.png"],
    ):
        done = shell.run(command, proof.scratch, cwd=folder)
        assert done.returncode == 0, done.stderr.decode()
    read = done.stdout.decode().strip()
    section.say("Its `qr_svg` drawn and read:")
    section.code(f"$ {' '.join(command)}\n{proof.secrets.mask(read)}")
    assert read == first["otpauth_url"], "the QR code says something else"
    second = caller("POST", "/api/auth/2fa/setup", quiet=True).json
    assert second["secret"] != first["secret"]
    caller.enrol(quiet=True)
    refused = caller("POST", "/api/auth/2fa/setup", expect=409)
    session = caller("GET", "/api/auth/session", quiet=True)
    assert second["secret"] not in session.text
    return (
        "the QR code is the otpauth_url; each setup has a secret of its own; after the "
        f"confirmation a setup is refused: 409 `{refused.json['error_code']}`"
    )


@shows("A4", PAGE, "confirming it")
def confirming(proof: Proof, section: Section) -> str:
    """With a session, and with the temp_token of the setup alone; a wrong code first."""
    caller = proof.person(section, "a4@example.com")
    setup = caller("POST", "/api/auth/2fa/setup", quiet=True).json
    authenticator = Authenticator(setup["secret"])
    path = "/api/auth/2fa/confirm"
    wrong = caller("POST", path, {"code": authenticator.wrong_code()}, expect=401)
    assert wrong.json["error_code"] == "code_invalid"
    still_off = caller("GET", "/api/auth/session", quiet=True).json["user"]
    assert still_off["two_factor_enabled"] is False
    right = caller("POST", path, {"code": authenticator.code()})
    codes = right.json["backup_codes"]
    assert right.json["user"]["two_factor_enabled"] is True and len(set(codes)) == 10
    again = caller("POST", path, {"code": authenticator.code()}, expect=409)
    account = caller("GET", "/api/auth/session", quiet=True)
    assert account.json["user"]["backup_codes_remaining"] == 10
    assert not any(code in account.text + again.text for code in codes)

    section.say("Another account, without a session; the setup's temp_token stands for it:")
    other = proof.person(section, "a4-token@example.com")
    setup = other("POST", "/api/auth/2fa/setup", quiet=True).json
    body = {"temp_token": setup["temp_token"]}
    body["code"] = Authenticator(setup["secret"]).code()
    confirmed = other("POST", path, body, session="")
    assert len(confirmed.json["backup_codes"]) == 10 and not confirmed.session
    return (
        "a wrong code: 401 `code_invalid`, nothing turned on; the right one: on, and 10 backup "
        "codes that no later answer shows; with the temp_token alone it works too, and makes no "
        "session"
    )


@shows("A5", PAGE, "the second step of signing in")
def second_step(proof: Proof, section: Section) -> str:
    """By code and by backup code, and each of them a second time."""
    email = "a5@example.com"
    caller = proof.person(section, email)
    authenticator, codes = caller.enrol(quiet=True)
    path = "/api/auth/2fa/verify"

    def step(expect: int, quiet: bool = False, **factor):
        temp_token = caller.login(email, PASSWORD, quiet=True).json["temp_token"]
        body = {"temp_token": temp_token, **factor}
        return caller("POST", path, body, session="", expect=expect, quiet=quiet)

    code = authenticator.code()
    verified = step(200, code=code)
    assert verified.session and verified.json["user"]["email"] == email
    caller("GET", "/api/auth/session", quiet=True)
    section.say("The same code again:")
    replayed = step(401, code=code)
    assert replayed.json["error_code"] == "code_invalid" and not replayed.session
    section.say("A backup code:")
    by_backup = step(200, backup_code=codes[0])
    assert by_backup.session and by_backup.json["backup_codes_remaining"] == 9
    used = step(401, backup_code=codes[0], quiet=True)
    assert used.json["error_code"] == "code_invalid" and not used.session
    return (
        "a session for a code and for a backup code, after which 9 are left; the same code and "
        "the same backup code again: 401 `code_invalid`"
    )


@shows("A6", PAGE, "turning it off")
def turning_off(proof: Proof, section: Section) -> str:
    """Without a session, with a wrong code and with the right one; then the password suffices."""
    email, path = "a6@example.com", "/api/auth/2fa/disable"
    caller = proof.person(section, email)
    authenticator, _ = caller.enrol(quiet=True)
    caller("POST", path, {"code": authenticator.code()}, expect=401, session="", quiet=True)
    wrong = caller("POST", path, {"code": authenticator.wrong_code()}, expect=401)
    assert wrong.json["error_code"] == "code_invalid"
    off = caller("POST", path, {"code": authenticator.code()}).json["user"]
    assert off["two_factor_enabled"] is False and off["backup_codes_remaining"] == 0
    again = caller.login(email, PASSWORD)
    assert again.session and "requires_2fa" not in again.json
    return "401 without a session and with a wrong code; off with the right one"
