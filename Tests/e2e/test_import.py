"""`import users`: accounts with the password hashes of other systems; each is verified at the first
sign-in and replaced by ours then."""

import json

import pytest

from harness import PASSWORD

# Of PASSWORD; made by libxcrypt through Perl, by Python's hashlib and by libsodium.
HASHES = {
    "bcrypt 2a": "$2a$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS",
    "bcrypt 2b": "$2b$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS",
    "bcrypt 2y": "$2y$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS",
    "scrypt phc": (
        "$scrypt$ln=12,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$0kAJcZMDMoI6NHVug+mGyKwmdluLX9KqpubH8OLxecs"
    ),
    "scrypt django": (
        "scrypt$4096$djangosalt$8$2$D9Qa/0vrjsZRE//E1Myqrdu0UxNv3a99ygiRG5Pw9hTkEAsTq0IMS"
        "6TOxRrUCvJapzpsoMS30sJzMFf/Wa9sOg=="
    ),
    "pbkdf2 passlib sha256": (
        "$pbkdf2-sha256$29000$AAECAwQFBgcICQoLDA0ODw$m/kLywdyNwK9GV2kWntRGvZzmeiVsuqehNWlLst2eWY"
    ),
    "pbkdf2 django sha256": (
        "pbkdf2_sha256$12000$djangosalt$4wjcNyvOGfzSGIjEWozMoOBqDlED9WmL/7psu7blwWY="
    ),
    "pbkdf2 passlib sha512": (
        "$pbkdf2-sha512$29000$AAECAwQFBgcICQoLDA0ODw$kWPS2HLS3ZO63NIyHcS/k20MHZfKlN.dWk9I"
        "utbgXkeOp/copy4mRAvghrrQl9b2wghoxF2NKhgHaWKWJiLkZw"
    ),
    "pbkdf2 django sha512": (
        "pbkdf2_sha512$12000$djangosalt$Q7IP7qUigraXQbpXchL2kC0JSslfLkY5QmnndNy9h4sLjvQZw"
        "yLt34/N+lC/87KZ4Jho0t07wmrdBBpjo5obAQ=="
    ),
    "argon2id": (
        "$argon2id$v=19$m=8192,t=3,p=1$s6Ae0XUIteYzuMRkgD0K7g$UB7/kHTAPvlCVz/95mWy6Mk9ejd"
        "SMg6JY2d/tLF3ThM"
    ),
}


def email(name: str) -> str:
    return name.replace(" ", ".") + "@example.com"


@pytest.fixture
def lines(tmp_path):
    def write(*rows) -> str:
        file = tmp_path / "users.ndjson"
        text = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        file.write_text("".join(line + "\n" for line in text))
        return str(file)

    return write


def everybody() -> list[dict]:
    return [{"email": email(name), "password_hash": text} for name, text in HASHES.items()]


def records(server) -> list[str]:
    listed = server.command("inspect", "--list", "--json", "--limit", "1000").stdout
    return [row["kind"] for row in json.loads(listed)]


@pytest.mark.parametrize("online", [True, False])
def test_every_form_signs_in_and_is_replaced_by_ours(servers, lines, online):
    assert PASSWORD == "correct horse battery staple"
    server = servers.start()
    server.admin()
    if not online:
        assert server.stop() == 0
    file = lines(*everybody())
    dry = server.command("import", "users", "--from", file, "--dry-run", "--json")
    assert json.loads(dry.stdout) == {"exist": 0, "imported": len(HASHES), "refused": 0}
    result = server.command("import", "users", "--from", file, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"exist": 0, "imported": len(HASHES), "refused": 0}
    again = server.command("import", "users", "--from", file, "--json")
    assert json.loads(again.stdout) == {"exist": len(HASHES), "imported": 0, "refused": 0}
    if not online:
        server.start()
    for name in HASHES:
        client = server.client()
        client.login(email(name), "wrong password entirely", expect=401)
        client.login(email(name), PASSWORD)
        assert client.signed_in()
    server.crash_and_restart()
    for name in HASHES:
        server.client().login(email(name), PASSWORD)
    # Once each, and never again.
    assert records(server).count("password rehashed") == len(HASHES)


def test_fields_are_taken_over(server, lines):
    server.admin()
    row = {
        "email": "Ada@Example.com",
        "password_hash": HASHES["bcrypt 2b"],
        "role": "admin",
        "phone_e164": "+14155550100",
        "created_at": "2020-02-03T04:05:06Z",
    }
    assert server.command("import", "users", "--from", lines(row)).returncode == 0
    client = server.client()
    user = client.login("ada@example.com", PASSWORD)["user"]
    assert user["role"] == "admin" and user["phone_e164"] == "+14155550100"
    assert user["created_at"] == "2020-02-03T04:05:06.000Z"


def test_bad_lines_are_named_and_keep_no_other_out(server, lines):
    server.admin()
    good = {"email": "good@example.com", "password_hash": HASHES["bcrypt 2b"]}
    bad = [
        "no json",
        {"email": "x@example.com"},
        {**good, "email": "nobody"},
        {**good, "email": "a@example.com", "password_hash": "$1$old$hash"},
        {**good, "email": "b@example.com", "password_hash": "pbkdf2_sha256$999999999$saltsalt$AA"},
        {**good, "email": "c@example.com", "role": "king"},
        {**good, "email": "d@example.com", "phone_e164": "12"},
        {**good, "email": "e@example.com", "created_at": "2999-01-01T00:00:00Z"},
    ]
    result = server.command("import", "users", "--from", lines(*bad, good))
    assert result.returncode == 1
    for number in range(1, len(bad) + 1):
        assert f"users.ndjson:{number}: " in result.stderr, result.stderr
    assert f"users.ndjson:{len(bad) + 1}:" not in result.stderr
    assert "iterations" in result.stderr and "999999999 " not in result.stdout
    assert "1 imported" in result.stdout
    server.client().login("good@example.com", PASSWORD)


def test_an_imported_admin_is_the_first_one(server, lines):
    row = {"email": "boss@example.com", "password_hash": HASHES["argon2id"], "role": "admin"}
    assert server.command("import", "users", "--from", lines(row)).returncode == 0
    client = server.client()
    client.register("late@example.com")
    assert client.user["role"] == "member"


def test_many_lines_go_in_several_batches(server, lines):
    server.admin()
    rows = [
        {"email": f"user{number}@example.com", "password_hash": HASHES["bcrypt 2b"]}
        for number in range(1500)
    ]
    result = server.command("import", "users", "--from", lines(*rows), "--json")
    assert json.loads(result.stdout)["imported"] == 1500
    listed = json.loads(server.command("users", "list", "--json").stdout)["users"]
    assert len(listed) == 1501
