"""The second factor: setup, codes that work once, the guess budget, backup codes."""

import re
import subprocess
import time
from urllib.parse import parse_qs, unquote, urlparse

import pyotp
import pytest

from harness import Authenticator

# The contract's figures.
TEMP_TOKEN_GUESSES = 5
FAILURES_BEFORE_DELAY = 10


# Setup


def test_setup_shows_a_secret_that_authenticators_can_read(member, tmp_path):
    setup = member.post("/api/auth/2fa/setup")
    url = urlparse(setup["otpauth_url"])
    parameters = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.scheme, url.netloc) == ("otpauth", "totp")
    assert parameters["secret"] == setup["secret"] and parameters["issuer"]
    assert unquote(url.path) == f"/{parameters['issuer']}:{member.email}"
    assert len(setup["secret"]) == 32 and setup["expires_in_seconds"] == 600

    # zbarimg reads the QR code back; pyotp and oathtool agree on its codes.
    svg, png = tmp_path / "qr.svg", tmp_path / "qr.png"
    svg.write_text(setup["qr_svg"])
    subprocess.run(
        ["rsvg-convert", "--zoom", "4", "--background-color", "white", "-o", png, svg], check=True
    )
    seen = subprocess.run(
        ["zbarimg", "--quiet", "--raw", png], check=True, capture_output=True, text=True
    ).stdout
    assert seen.strip() == setup["otpauth_url"]
    step = int(time.time()) // 30
    assert pyotp.parse_uri(seen.strip()).at(step * 30) == Authenticator(setup["secret"]).code_at(
        step
    )


def test_a_second_setup_replaces_the_first(member):
    first = Authenticator(member.post("/api/auth/2fa/setup")["secret"])
    second = Authenticator(member.post("/api/auth/2fa/setup")["secret"])
    assert first.secret != second.secret
    refused = member.post("/api/auth/2fa/confirm", {"code": first.code()}, expect=401)
    assert refused["error_code"] == "code_invalid"
    member.post("/api/auth/2fa/confirm", {"code": second.code()})


def test_a_setup_expires(servers):
    server = servers.start(env={"COUNTERSIGN_AUTH_SETUP_SECONDS": "1"})
    client = server.admin()
    authenticator = Authenticator(client.post("/api/auth/2fa/setup")["secret"])
    time.sleep(1.1)
    refused = client.post("/api/auth/2fa/confirm", {"code": authenticator.code()}, expect=409)
    assert refused["error_code"] == "setup_not_started"


def test_confirming_with_the_temp_token_needs_no_session_and_gives_none(member, shared_server):
    setup = member.post("/api/auth/2fa/setup")
    authenticator = Authenticator(setup["secret"])
    stranger = shared_server.client()
    assert stranger.post("/api/auth/2fa/confirm", {"code": authenticator.code()}, expect=401)
    answer = stranger.post(
        "/api/auth/2fa/confirm", {"code": authenticator.code(), "temp_token": setup["temp_token"]}
    )
    assert answer["user"]["two_factor_enabled"] is True and len(answer["backup_codes"]) == 10
    assert stranger.cookie is None and member.signed_in()


def test_confirming_in_a_session_renews_its_cookie_and_uses_the_code_up(member):
    authenticator = Authenticator(member.post("/api/auth/2fa/setup")["secret"])
    code, before = authenticator.code(), member.twin()
    confirmed = member.post("/api/auth/2fa/confirm", {"code": code})
    assert confirmed["user"]["backup_codes_remaining"] == 10
    assert member.signed_in() and not before.signed_in()
    replay = member.verify(member.challenge(), code=code, expect=401)
    assert replay["error_code"] == "code_invalid"


def test_setup_is_refused_while_the_second_factor_is_on(member):
    member.enroll()
    assert (
        member.post("/api/auth/2fa/setup", expect=409)["error_code"] == "two_factor_already_enabled"
    )


# Codes that work once


def test_a_code_is_accepted_once_and_an_older_one_never_after_a_newer(member):
    authenticator, _ = member.enroll()
    code = authenticator.code()
    confirmed_with = authenticator.code_at(authenticator.last_step - 1)
    member.verify(member.challenge(), code=code)
    for spent in (code, confirmed_with):
        refused = member.verify(member.challenge(), code=spent, expect=401)
        assert refused["error_code"] == "code_invalid"
    member.verify(member.challenge(), code=authenticator.code())


@pytest.mark.parametrize("factor", ["code", "backup_code"])
def test_of_100_parallel_uses_of_one_code_one_gets_a_session(member, in_parallel, factor):
    authenticator, backup_codes = member.enroll()
    # A token each, else a token's five tries would be what stops them.
    tokens = [member.challenge() for _ in range(20)]
    code = authenticator.code() if factor == "code" else backup_codes[3]
    callers = [member.twin() for _ in range(100)]

    def use(n):
        answer = callers[n].request(
            "POST",
            "/api/auth/2fa/verify",
            json={"temp_token": tokens[n % len(tokens)], factor: code},
        )
        return answer.status_code, callers[n].cookie

    results = in_parallel(100, use)
    assert [status for status, _ in results].count(200) == 1
    assert len([cookie for _, cookie in results if cookie]) == 1
    assert {status for status, _ in results} <= {200, 401, 429, 503}


def test_a_used_code_stays_used_after_a_crash(server):
    client = server.admin()
    authenticator, backup_codes = client.enroll()
    code = authenticator.code()
    client.verify(client.challenge(), code=code)
    client.verify(client.challenge(), backup_code=backup_codes[0])
    server.crash_and_restart()
    client.on(server.url)
    assert client.verify(client.challenge(), code=code, expect=401)["error_code"] == "code_invalid"
    refused = client.verify(client.challenge(), backup_code=backup_codes[0], expect=401)
    assert refused["error_code"] == "code_invalid"


def test_a_temp_token_is_good_for_one_session(member):
    authenticator, _ = member.enroll()
    token = member.challenge()
    member.verify(token, code=authenticator.code())
    refused = member.verify(token, code=authenticator.code(), expect=401)
    assert refused["error_code"] == "temp_token_invalid"


def test_a_new_login_leaves_older_temp_tokens_alive(member):
    authenticator, _ = member.enroll()
    older = member.challenge()
    member.challenge()
    member.verify(older, code=authenticator.code())


def test_a_temp_token_expires(servers):
    server = servers.start(env={"COUNTERSIGN_AUTH_TEMP_TOKEN_SECONDS": "1"})
    client = server.admin()
    authenticator, _ = client.enroll()
    token = client.challenge()
    time.sleep(1.1)
    assert (
        client.verify(token, code=authenticator.code(), expect=401)["error_code"]
        == "temp_token_invalid"
    )


# The guess budget


def test_a_malformed_code_is_refused_without_counting(member):
    authenticator, _ = member.enroll()
    token = member.challenge()
    for _ in range(2):
        for code in ("", "12345", "1234567", "12345a", "١٢٣٤٥٦", " 23456"):
            assert member.verify(token, code=code, expect=422)["error_code"] == "code_malformed"
        for code in ("", "3-K7QMW", "Z-K7QMW-9XD2P-4TB", "3-K7QMW-9XD2P-4TU"):
            assert (
                member.verify(token, backup_code=code, expect=422)["error_code"] == "code_malformed"
            )
    member.verify(token, code=authenticator.code())


def test_a_temp_token_is_exhausted_after_five_wrong_codes(member):
    authenticator, _ = member.enroll()
    token, wrong = member.challenge(), authenticator.wrong_code()
    for _ in range(TEMP_TOKEN_GUESSES):
        assert member.verify(token, code=wrong, expect=401)["error_code"] == "code_invalid"
    refused = member.verify(token, code=authenticator.code(), expect=401)
    assert refused["error_code"] == "temp_token_exhausted"


def test_after_ten_failures_nothing_is_judged_until_the_delay_is_over(member):
    authenticator, backup_codes = member.enroll()
    wrong = authenticator.wrong_code()
    tokens = [member.challenge() for _ in range(3)]
    for n in range(FAILURES_BEFORE_DELAY):
        member.verify(tokens[n // TEMP_TOKEN_GUESSES], code=wrong, expect=401)
    delayed = member.verify(tokens[2], code=wrong, expect=429)
    assert delayed["error_code"] == "too_many_attempts"
    assert delayed["retry_after_seconds"] == 1
    assert member.verify(tokens[2], backup_code=backup_codes[0], expect=429)
    time.sleep(1.05)
    # The backup code that was turned away was not used up.
    member.verify(tokens[2], backup_code=backup_codes[0])


@pytest.mark.parametrize("factor", ["code", "backup_code"])
def test_a_burst_of_wrong_guesses_cannot_exceed_the_budget(member, in_parallel, factor):
    authenticator, backup_codes = member.enroll()
    wrong = authenticator.wrong_code() if factor == "code" else changed(backup_codes[4])
    tokens = [member.challenge() for _ in range(20)]
    callers = [member.twin() for _ in range(100)]

    def guess(n):
        return (
            callers[n]
            .request(
                "POST",
                "/api/auth/2fa/verify",
                json={"temp_token": tokens[n % 20], factor: wrong},
            )
            .json()["error_code"]
        )

    outcomes = in_parallel(100, guess)
    # One more may be judged when the first delay of a second ends within the burst.
    assert FAILURES_BEFORE_DELAY <= outcomes.count("code_invalid") <= FAILURES_BEFORE_DELAY + 2
    assert set(outcomes) <= {
        "code_invalid",
        "too_many_attempts",
        "temp_token_exhausted",
        "overloaded",
    }


def test_the_guess_budget_survives_a_crash(server):
    client = server.admin()
    authenticator, _ = client.enroll()
    wrong = authenticator.wrong_code()
    token = client.challenge()
    for _ in range(TEMP_TOKEN_GUESSES):
        client.verify(token, code=wrong, expect=401)
    second = client.challenge()
    server.crash_and_restart()
    client.on(server.url)
    assert client.verify(token, code=wrong, expect=401)["error_code"] == "temp_token_exhausted"
    for _ in range(TEMP_TOKEN_GUESSES):
        assert client.verify(second, code=wrong, expect=401)["error_code"] == "code_invalid"
    assert (
        client.verify(client.challenge(), code=wrong, expect=429)["error_code"]
        == "too_many_attempts"
    )


def test_a_password_change_clears_the_delay_and_ends_all_temp_tokens(member):
    authenticator, _ = member.enroll()
    session, wrong = member.twin(), authenticator.wrong_code()
    tokens = [member.challenge() for _ in range(3)]
    for n in range(FAILURES_BEFORE_DELAY):
        member.verify(tokens[n // TEMP_TOKEN_GUESSES], code=wrong, expect=401)
    session.post(
        "/api/auth/password/change",
        {"current_password": member.password, "new_password": "a new start for all"},
    )
    assert member.verify(tokens[2], code=wrong, expect=401)["error_code"] == "temp_token_invalid"
    member.password = "a new start for all"
    member.verify(member.challenge(), code=authenticator.code())


# Backup codes and giving the second factor up


def changed(backup_code: str) -> str:
    """A well-formed code of the same place that is not this one."""
    return backup_code[:-1] + ("0" if backup_code[-1] != "0" else "2")


def test_backup_codes_are_shown_once_work_once_and_are_counted(member):
    _, codes = member.enroll()
    assert all(re.fullmatch(r"\d-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{3}", code) for code in codes)
    assert member.verify(member.challenge(), backup_code=codes[7])["backup_codes_remaining"] == 9
    assert (
        member.verify(member.challenge(), backup_code=codes[7], expect=401)["error_code"]
        == "code_invalid"
    )
    # Typed by hand: lower case, no dashes.
    typed = codes[8].replace("-", " ").lower()
    assert member.verify(member.challenge(), backup_code=typed)["backup_codes_remaining"] == 8
    assert member.get("/api/auth/session")["user"]["backup_codes_remaining"] == 8


def test_new_backup_codes_kill_the_old_ones(member):
    authenticator, old = member.enroll()
    wrong = member.post(
        "/api/auth/2fa/backup-codes", {"code": authenticator.wrong_code()}, expect=401
    )
    assert wrong["error_code"] == "code_invalid"
    new = member.post("/api/auth/2fa/backup-codes", {"code": authenticator.code()})["backup_codes"]
    assert len(set(new)) == 10 and not set(new) & set(old)
    assert (
        member.verify(member.challenge(), backup_code=old[0], expect=401)["error_code"]
        == "code_invalid"
    )
    member.verify(member.challenge(), backup_code=new[0])


@pytest.mark.parametrize("factor", ["code", "backup_code"])
def test_disabling_takes_a_factor_and_login_asks_for_none_afterwards(member, factor):
    authenticator, codes = member.enroll()
    refused = member.post("/api/auth/2fa/disable", {"code": authenticator.wrong_code()}, expect=401)
    assert refused["error_code"] == "code_invalid"
    proof = authenticator.code() if factor == "code" else codes[2]
    user = member.post("/api/auth/2fa/disable", {factor: proof})["user"]
    assert user["two_factor_enabled"] is False and user["two_factor_enrolled_at"] is None
    assert "requires_2fa" not in member.login()
    assert (
        member.post("/api/auth/2fa/disable", {"code": "123456"}, expect=409)["error_code"]
        == "two_factor_not_enabled"
    )


def test_the_strict_window_takes_only_the_current_step(servers):
    server = servers.start(env={"COUNTERSIGN_AUTH_TOTP_WINDOW_STEPS": "0"})
    client = server.admin()
    authenticator = Authenticator(client.post("/api/auth/2fa/setup")["secret"])
    # Not near the end of a step, so that "current" means the same on both sides.
    while 30 - time.time() % 30 < 5:
        time.sleep(0.2)
    step = int(time.time()) // 30
    for near in (step - 1, step + 1):
        client.post("/api/auth/2fa/confirm", {"code": authenticator.code_at(near)}, expect=401)
    client.post("/api/auth/2fa/confirm", {"code": authenticator.code_at(step)})
