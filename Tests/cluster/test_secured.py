"""Servers that trust nobody: TLS between all parts, and an nkey for the engine."""

import re

import nkeys_for_tests as keys
import pytest
from harness import Engine
from harness.servers import Caller, Members
from test_connection import certificate

SEED, PUBLIC = keys.user(bytes(range(32)))
OTHER_SEED, _ = keys.user(bytes(range(1, 33)))
# EX_UNAVAILABLE and EX_CONFIG of sysexits.h: it can't be reached, or not with these settings.
REFUSED = (69, 78)


@pytest.fixture
def authority(tmp_path):
    return certificate(tmp_path)


@pytest.fixture
def secured_engine(tmp_path, authority):
    cert, key = authority
    extra = f"""
authorization {{ users: [ {{ nkey: {PUBLIC} }} ] }}
tls {{ cert_file: "{cert}", key_file: "{key}" }}
"""
    engine = Engine(tmp_path / "engine", extra)
    try:
        yield engine.start()
    finally:
        engine.end()


def members_with(engine, root, authority, seed: str) -> Members:
    cert, key = authority
    members = Members(root / "servers", engine.urls)
    for member in members.all:
        file = member.home / "nats.seed"
        file.write_text(seed)
        file.chmod(0o600)
        member.speak_tls(cert, key)
        member.environment |= {
            "COUNTERSIGN_CLUSTER_NKEY_SEED_FILE": str(file),
            "COUNTERSIGN_CLUSTER_CA_FILE": str(cert),
        }
    return members


def secured_caller(authority) -> Caller:
    caller = Caller()
    caller.session.verify = str(authority[0])
    return caller


def test_every_way_is_secured(secured_engine, tmp_path, authority):
    members = members_with(secured_engine, tmp_path, authority, SEED)
    try:
        members.start()
        owner = members.owner()
        caller = secured_caller(authority)
        for number, member in enumerate(members.all):
            answer = caller.register(member.url, f"u{number}@example.com")
            assert answer.status_code == 201, answer.text
        for member in members.all:
            assert caller.send("GET", member.url + "/api/auth/session").status_code == 200
        owner.kill()
        other = members.owner(other_than=owner)
        assert caller.send("GET", other.url + "/api/auth/session").status_code == 200
        said = "".join(member.output() for member in members.all)
        assert SEED not in said
    finally:
        members.end()


def test_a_server_with_another_key_is_refused(secured_engine, tmp_path, authority):
    members = members_with(secured_engine, tmp_path, authority, OTHER_SEED)
    member = members.all[0].start()
    try:
        assert member.process.wait(timeout=60) in REFUSED
        assert re.search("[Aa]uthorization", member.output()), member.output()
        assert OTHER_SEED not in member.output()
    finally:
        members.end()


def test_a_standby_does_not_believe_a_stranger(secured_engine, tmp_path, authority):
    """Whose certificate comes from elsewhere is not the owner, wherever it listens."""
    members = members_with(secured_engine, tmp_path, authority, SEED)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    cert, key = certificate(stranger)
    for member in members.all[1:]:
        member.environment["COUNTERSIGN_CLUSTER_PEER_CA_FILE"] = str(cert)
    try:
        members.all[0].start()
        assert members.owner() is members.all[0]
        standby = members.all[1].start()
        members.all = members.all[:2]
        members.wait_ready()
        # What shard 0 has to be asked for; a server that is new has it only after some seconds.
        answer = secured_caller(authority).send("GET", standby.url + "/api/tokens")
        assert answer.status_code == 503 and answer.json()["error_code"] == "not_ready"
    finally:
        members.end()
