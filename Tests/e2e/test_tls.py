"""TLS: served from a certificate, renewed on SIGHUP without a restart."""

import signal
import socket
import ssl
import subprocess
import time

import pytest

from harness import Refused


def make_certificate(directory, name: str) -> None:
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            directory / "key.pem",
            "-out",
            directory / "cert.pem",
        ],
        check=True,
        capture_output=True,
    )


def served_certificate(port: int) -> bytes:
    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        with context.wrap_socket(connection) as secure:
            return secure.getpeercert(binary_form=True)


@pytest.fixture
def tls_server(servers, tmp_path):
    make_certificate(tmp_path, "first")
    return servers.start(
        args=("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    )


def test_people_sign_in_over_tls(tls_server, tmp_path):
    assert tls_server.url.startswith("https://")
    client = tls_server.client(ca=str(tmp_path / "cert.pem"))
    client.register()
    assert client.get("/api/auth/session")["user"]["email"] == client.email
    answer = client.request("GET", "/api/auth/session")
    assert "max-age" in answer.headers.get("strict-transport-security", "")


def test_plain_http_on_the_tls_port_does_no_harm(tls_server, tmp_path):
    with socket.create_connection(("127.0.0.1", tls_server.port), timeout=10) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(1024)
    assert tls_server.client(ca=str(tmp_path / "cert.pem")).get("/health")


def test_sighup_takes_the_new_certificate_and_keeps_the_old_one_when_it_is_broken(
    tls_server, tmp_path
):
    first = served_certificate(tls_server.port)
    make_certificate(tmp_path, "second")
    expected = ssl.PEM_cert_to_DER_cert((tmp_path / "cert.pem").read_text())
    tls_server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while served_certificate(tls_server.port) != expected:
        assert time.monotonic() < deadline, "the new certificate is not served"
        time.sleep(0.05)
    assert expected != first

    (tmp_path / "cert.pem").write_text("no certificate")
    tls_server.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert tls_server.is_alive() and served_certificate(tls_server.port) == expected


def test_a_missing_certificate_is_refused_with_its_path(servers, tmp_path):
    missing = str(tmp_path / "nowhere.pem")
    with pytest.raises(Refused) as refusal:
        servers.start(args=("--tls-cert", missing, "--tls-key", missing))
    assert refusal.value.exit_code == 78 and missing in refusal.value.output
