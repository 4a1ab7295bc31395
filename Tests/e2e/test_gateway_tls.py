"""TLS to the provider: verified, always, by name and by root."""

import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness import CREDENTIALS, Refused, check_our_error

MODELS = "/v1/models"
BODY = b'{"object":"list","data":[]}'


def run_openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Path:
    """A certificate authority, and a certificate of it for `localhost` and for another name."""
    folder = tmp_path_factory.mktemp("tls")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run_openssl(
        folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
        "-subj", "/CN=e2e authority",
    )  # fmt: skip
    for name in ("localhost", "elsewhere.example"):
        (folder / "san").write_text(f"subjectAltName=DNS:{name}\n")
        run_openssl(
            folder, "req", *key, "-keyout", f"{name}.key", "-out", "csr", "-subj", f"/CN={name}"
        )
        run_openssl(
            folder, "x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "san", "-out", f"{name}.pem",
        )  # fmt: skip
    return folder


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        expected = f"Bearer {CREDENTIALS['OPENAI_API_KEY']}"
        is_right = self.headers["authorization"] == expected
        self.server.requests.append((self.headers["host"], is_right))
        self.send_response(200 if is_right else 401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider(authority):
    """Starts an origin that speaks TLS with this certificate; answers its port and requests."""
    running = []

    def start(name: str) -> ThreadingHTTPServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority / f"{name}.pem", authority / f"{name}.key")
        server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        server.requests = []
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(server: ThreadingHTTPServer, ca: Path | None, host: str = "localhost") -> dict:
    env = {"COUNTERSIGN_OPENAI_BASE_URL": f"https://{host}:{server.server_port}"}
    if ca is not None:
        env["COUNTERSIGN_UPSTREAM_CA_FILE"] = str(ca)
    return env


def test_a_provider_with_a_good_certificate_is_called_over_tls(authority, provider, start_gateway):
    server = provider("localhost")
    gateway = start_gateway(env=environment(server, authority / "ca.pem"))
    for _ in range(3):
        answer = gateway.call("GET", "openai", MODELS)
        assert answer.status_code == 200 and answer.content == BODY
    host = f"localhost:{server.server_port}"
    assert (host, True) in server.requests and all(right for _, right in server.requests)
    assert gateway.newest_event("openai")["status"] == "ok"


@pytest.mark.parametrize("case", ["unknown root", "wrong name", "no TLS at all"])
def test_whoever_can_not_prove_to_be_the_provider_gets_no_request(
    authority, provider, start_gateway, own_upstream, case
):
    server = provider("elsewhere.example" if case == "wrong name" else "localhost")
    ca = None if case == "unknown root" else authority / "ca.pem"
    env = environment(server, ca)
    if case == "no TLS at all":
        env["COUNTERSIGN_OPENAI_BASE_URL"] = f"https://localhost:{own_upstream['openai'].port}"
    gateway = start_gateway(env={**env, "COUNTERSIGN_PROBES_ENABLED": "false"})
    check_our_error(gateway.call("GET", "openai", MODELS), 502, "upstream_unreachable")
    assert server.requests == [] and own_upstream["openai"].requests == []
    event = gateway.newest_event("openai")
    assert event["status"] == "error" and event["http_status"] is None, event
    assert gateway.status("openai")["error_code"] == "unreachable"


def test_a_file_with_roots_that_can_not_be_used_is_refused_at_start(servers, tmp_path):
    path = tmp_path / "roots.pem"
    path.write_text("no certificate")
    with pytest.raises(Refused) as refusal:
        servers.start(env={"COUNTERSIGN_UPSTREAM_CA_FILE": str(path)})
    assert refusal.value.exit_code == 78 and "upstream.ca_file" in refusal.value.output
