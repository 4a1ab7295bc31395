"""The client by itself: credentials, TLS, versions, and streams that must not be used."""

import json
import socket
import subprocess
import threading

import pytest
from harness import Node, free_ports


@pytest.fixture
def node(tmp_path):
    made = []

    def start(extra: str) -> Node:
        each = Node(tmp_path, f"single{len(made)}", free_ports(3), extra=extra).start()
        made.append(each)
        import time

        deadline = time.monotonic() + 20
        while not each.is_healthy():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return each

    yield start
    for each in made:
        each.kill()


def works(tools, address: str, **options) -> None:
    listener = tools(address, wait="connected", only="client", **options)
    listener.ask("echo a.b", "listening")
    asker = tools(address, wait="connected", only="client", **options)
    assert asker.ask("ask a.b hello", "answer") == "answer hello"
    assert "nobody answers" in asker.ask("ask nobody.there hello", "no answer")


def refused(tools, address: str, text: str, **options) -> None:
    tool = tools(address, wait=None, only="client", **options)
    assert text in tool.expect("error", 20)


def test_plain(node, tools):
    works(tools, f"127.0.0.1:{node('').client}")


def test_user_and_password(node, tools):
    server = node('authorization { user: alice, password: "s3cret" }')
    address = f"127.0.0.1:{server.client}"
    works(tools, address, user="alice", password="s3cret")
    refused(tools, address, "Authorization", user="alice", password="wrong")
    refused(tools, address, "Authorization")


def test_token(node, tools):
    server = node('authorization { token: "t0ken" }')
    works(tools, f"127.0.0.1:{server.client}", token="t0ken")
    refused(tools, f"127.0.0.1:{server.client}", "Authorization", token="other")




def test_nkey(node, tools, tmp_path):
    import nkeys_for_tests as keys

    seed, public = keys.user(bytes(range(32)))
    other, _ = keys.user(bytes(range(1, 33)))
    server = node(f"authorization {{ users: [ {{ nkey: {public} }} ] }}")
    works(tools, f"127.0.0.1:{server.client}", seed=seed)
    refused(tools, f"127.0.0.1:{server.client}", "Authorization", seed=other)


def test_credentials_file(node, tools, tmp_path):
    import nkeys_for_tests as keys

    config, creds = keys.operator_mode(tmp_path)
    server = node(config)
    works(tools, f"127.0.0.1:{server.client}", creds=creds)


def certificate(folder):
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        check=True, capture_output=True,
    )
    return folder / "cert.pem", folder / "key.pem"


def test_tls(node, tools, tmp_path):
    cert, key = certificate(tmp_path)
    server = node(f'tls {{ cert_file: "{cert}", key_file: "{key}" }}')
    works(tools, f"localhost:{server.client}", tls=cert)
    works(tools, f"127.0.0.1:{server.client}", tls=cert)
    refused(tools, f"localhost:{server.client}", "requires TLS")
    other = tmp_path / "other"
    other.mkdir()
    refused(tools, f"localhost:{server.client}", "connection", tls=certificate(other)[0])
    plain = node("")
    refused(tools, f"localhost:{plain.client}", "does not offer", tls=cert)


def test_old_servers_are_refused(tools):
    info = {"server_id": "x", "version": "2.9.10", "headers": True, "max_payload": 1048576}
    listener = socket.create_server(("127.0.0.1", 0))
    heard = []

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.sendall(b"INFO " + json.dumps(info).encode() + b"\r\n")
            heard.append(peer.recv(4096))
            peer.close()

    threading.Thread(target=serve, daemon=True).start()
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    refused(tools, address, "has version 2.9.10; at least 2.14.4", user="u", password="p")
    listener.close()
    assert b"CONNECT" not in b"".join(heard), "a password was said to a server that is refused"


def test_streams_with_other_settings_are_refused(shared_engine, tools):
    # One copy where three are wanted, and everything else that tells.
    tools(shared_engine.urls, shards=1, replicas=1, cluster=7).kill()
    tool = tools(shared_engine.urls, wait=None, shards=1, replicas=3, cluster=7)
    line = tool.expect("error", 30)
    assert "EV_0" in line and "num_replicas is 1 and must be 3" in line
