"""What all gateways stand before: one nginx with fixed answers, over plain HTTP or TLS."""

import json
import secrets
import ssl
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ..api import ask
from ..programs import Failure, Program, free_port
from ..rig import Rig, tool
from ..settings import FILES

PATH = "/v1/models"
MODEL = {
    "id": "bench-model-0000004",
    "object": "model",
    "created": 1721172741,
    "owned_by": "upstream",
}
COMPLETION = {
    "id": "chatcmpl-0000004",
    "object": "chat.completion",
    "created": 1721172741,
    "model": "bench-model",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}


def compact(value) -> str:
    return json.dumps(value, separators=(",", ":"))


BODY = compact({"object": "list", "data": [MODEL]})
CHAT = compact(COMPLETION)


@dataclass
class Upstream:
    port: int
    is_tls: bool
    key: str
    # The CA that its certificate is from.
    authority: Path
    program: Program

    @property
    def scheme(self) -> str:
        return "https" if self.is_tls else "http"


def start(rig: Rig, is_tls: bool = False) -> Upstream:
    make_certificates(rig.place)
    port = free_port()
    # The shape of a real key, so that nobody's check for placeholders minds it.
    key = "sk-proj-" + secrets.token_hex(24)
    configuration = rig.write(
        "nginx-upstream.conf",
        port=port,
        tls="ssl" if is_tls else "",
        key=key,
        body=BODY,
        chat=CHAT,
    )
    program = rig.start("upstream", nginx(configuration))
    program.await_port(port)
    return Upstream(port, is_tls, key, rig.place / "ca.pem", program)


def nginx(configuration: Path) -> list:
    command = [tool("nginx", "nginx-light"), "-p", configuration.parent, "-c", configuration]
    return [*command, "-e", "stderr", "-g", "daemon off;"]


def make_certificates(place: Path) -> None:
    """A CA of this run's own, and a certificate for localhost that it signed."""
    command = [tool("openssl", "openssl"), "req", "-x509", "-config", FILES / "openssl.cnf"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    authority = ["-CA", place / "ca.pem", "-CAkey", place / "ca.key"]
    for name, subject, signer in [
        ("ca", "/CN=Countersign benchmark", []),
        ("server", "/CN=localhost", authority),
    ]:
        files = ["-keyout", place / f"{name}.key", "-out", place / f"{name}.pem"]
        subprocess.run(
            [*command, "-extensions", name, "-subj", subject, *signer, *files],
            check=True,
            stderr=subprocess.DEVNULL,
        )


def check_answer(name: str, url: str, authorization: str, upstream: Upstream) -> None:
    """One call before any load: a gateway gives the upstream's body, not a page of its own."""
    request = urllib.request.Request(url)
    request.add_header("Authorization", authorization)
    try:
        status, body = ask(request, ssl.create_default_context(cafile=upstream.authority))
    except OSError as error:
        raise Failure(f"{name} can't be reached: {error}") from None
    if status != 200 or body != BODY:
        raise Failure(f"{name} answers {status} {body[:500]!r} instead of the upstream's body")
