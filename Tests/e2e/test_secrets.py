"""Secrets stay where they belong: not in the output, not in the data directory, not in errors."""

import base64
import binascii

from harness import usage_event

CANARY_PASSWORD = "canary-7c1e-password-of-the-test"


def forms(secret: str) -> set[bytes]:
    """The ways in which a secret could hide in a file."""
    raw = secret.encode()
    return {raw, raw.lower(), base64.b64encode(raw).rstrip(b"="), binascii.hexlify(raw)}


def test_no_secret_reaches_the_output_or_the_disk(servers):
    server = servers.start(
        env={
            "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
            "COUNTERSIGN_SNAPSHOT_LOG_BYTES": "4096",
            "FRED_API_KEY": "canary0fred0key00000000000000000",
            "COUNTERSIGN_LOG_LEVEL": "debug",
        }
    )
    client = server.client()
    client.register("owner@example.com", CANARY_PASSWORD)
    cookies = [client.cookie]
    client.login(password=CANARY_PASSWORD + "-wrong", expect=401)
    client.login(password=CANARY_PASSWORD)
    cookies.append(client.cookie)
    setup = client.post("/api/auth/2fa/setup")
    from harness import Authenticator

    authenticator = Authenticator(setup["secret"])
    backup_codes = client.post("/api/auth/2fa/confirm", {"code": authenticator.code()})[
        "backup_codes"
    ]
    cookies.append(client.cookie)
    temp_token = client.challenge()
    client.verify(temp_token, backup_code=backup_codes[0])
    token = client.mint("usage:write", "usage:read", "status:read")
    caller = server.client(token=token)
    for _ in range(5):
        caller.post("/api/usage/events", [usage_event() for _ in range(50)])
    reset = client.post(f"/api/admin/users/{client.user['id']}/reset-password")["reset_token"]
    # Secrets where they do not belong, in requests that fail.
    client.request("GET", f"/api/nothing?password={CANARY_PASSWORD}&token={token}")
    client.post(
        "/api/auth/login", {"email": CANARY_PASSWORD, "password": CANARY_PASSWORD}, expect=422
    )
    client.request(
        "POST",
        "/api/auth/login",
        data=f'{{"password":"{CANARY_PASSWORD}"',
        expect=400,
        headers={"Content-Type": "application/json"},
    )
    assert server.stop() == 0

    secrets = {
        "password": CANARY_PASSWORD,
        "TOTP secret": setup["secret"],
        "setup token": setup["temp_token"],
        "temp_token": temp_token,
        "service token": token,
        "reset token": reset,
        "APP_ENC_KEY": server.key,
        "provider key": "canary0fred0key00000000000000000",
        **{f"cookie {n}": cookie for n, cookie in enumerate(cookies)},
        **{f"backup code {n}": code for n, code in enumerate(backup_codes)},
    }
    needles = {(name, form) for name, secret in secrets.items() for form in forms(secret)}
    needles |= {
        (name, code.replace("-", "").encode()) for name, code in secrets.items() if "backup" in name
    }
    needles.add(("TOTP secret, decoded", base64.b32decode(setup["secret"])))
    needles.add(("APP_ENC_KEY, decoded", base64.b64decode(server.key)))

    places = {"the output": server.output().encode()}
    places |= {path.name: path.read_bytes() for path in server.data.rglob("*") if path.is_file()}
    assert any(name.startswith("wal-") for name in places) and server.output()
    for place, content in places.items():
        for name, needle in needles:
            assert needle not in content, f"{name} is in {place}"


def test_the_data_directory_is_for_its_owner_only(server):
    server.admin()
    assert server.data.stat().st_mode & 0o077 == 0
    for path in server.data.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_the_access_log_is_json_lines_with_trace_and_route(server):
    import json

    trace = server.admin().get("/api/auth/session")["trace_id"]
    assert server.stop() == 0
    lines = [line for line in server.output().splitlines() if trace in line]
    entry = json.loads(lines[0])
    text = json.dumps(entry)
    assert "/api/auth/session" in text and "200" in text
