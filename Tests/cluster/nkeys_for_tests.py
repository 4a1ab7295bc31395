"""Keys and tokens as NATS writes them, by hand: an operator, an account and a user."""

import base64
import hashlib
import json
import subprocess
import time

SEED, USER, ACCOUNT, OPERATOR = 18 << 3, 20 << 3, 0, 14 << 3


def crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def written(data: bytes) -> str:
    data += crc16(data).to_bytes(2, "little")
    return base64.b32encode(data).decode().rstrip("=")


PREFIX = bytes.fromhex("302e020100300506032b657004220420")


def openssl(*arguments, data: bytes) -> bytes:
    return subprocess.run(
        ["openssl", *arguments], input=data, check=True, capture_output=True
    ).stdout


def pem(secret: bytes) -> bytes:
    body = base64.encodebytes(PREFIX + secret)
    return b"-----BEGIN PRIVATE KEY-----\n" + body + b"-----END PRIVATE KEY-----\n"


def public(secret: bytes) -> bytes:
    return openssl("pkey", "-pubout", "-outform", "DER", data=pem(secret))[-32:]


def pair(secret: bytes, kind: int) -> tuple[str, str]:
    """Seed and public key."""
    seed = written(bytes([SEED | kind >> 5, (kind & 31) << 3]) + secret)
    return seed, written(bytes([kind]) + public(secret))


def user(secret: bytes) -> tuple[str, str]:
    return pair(secret, USER)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(claims: dict, secret: bytes, folder) -> str:
    body = json.dumps({**claims, "jti": ""}, separators=(",", ":")).encode()
    claims["jti"] = base64.b32encode(hashlib.sha256(body).digest()).decode().rstrip("=")
    head = base64url(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
    text = head + "." + base64url(json.dumps(claims, separators=(",", ":")).encode())
    (folder / "key.pem").write_bytes(pem(secret))
    (folder / "text").write_bytes(text.encode())
    signature = openssl(
        "pkeyutl", "-sign", "-inkey", folder / "key.pem", "-rawin", "-in", folder / "text", data=b""
    )
    return text + "." + base64url(signature)


def operator_mode(folder) -> tuple[str, str]:
    """A configuration with an operator, and the credentials file of a user."""
    secrets = [bytes([n]) * 32 for n in (1, 2, 3, 4)]
    _, operator = pair(secrets[0], OPERATOR)
    _, account = pair(secrets[1], ACCOUNT)
    seed, person = pair(secrets[2], USER)
    _, system = pair(secrets[3], ACCOUNT)
    now = int(time.time())
    limits = dict.fromkeys(["subs", "data", "payload", "imports", "exports", "conn", "leaf"], -1)
    limits |= {"wildcards": True}
    operator_token = token(
        {"iat": now, "iss": operator, "sub": operator, "name": "O",
         "nats": {"type": "operator", "version": 2}}, secrets[0], folder,
    )
    account_token, system_token = (
        token(
            {"iat": now, "iss": operator, "sub": each, "name": name,
             "nats": {"limits": limits, "type": "account", "version": 2}}, secrets[0], folder,
        )
        for each, name in ((account, "A"), (system, "S"))
    )
    user_token = token(
        {"iat": now, "iss": account, "sub": person, "name": "U",
         "nats": {"subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2}},
        secrets[1], folder,
    )
    creds = folder / "user.creds"
    creds.write_text(
        f"-----BEGIN NATS USER JWT-----\n{user_token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
    config = (
        f"operator: {operator_token}\nresolver: MEMORY\nsystem_account: {system}\n"
        f"resolver_preload: {{ {account}: {account_token}, {system}: {system_token} }}\n"
    )
    return config, str(creds)
