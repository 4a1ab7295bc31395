"""The upstream and the peers that stand before it, each with the settings that suit it best."""

import json
import os
import re
import secrets
import shutil
import string
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .programs import Failure, Program, free_port, output_of, running

REPOSITORY = Path(__file__).resolve().parent.parent.parent
FILES = Path(__file__).resolve().parent
VENV = REPOSITORY / ".venv-bench"
PATH = "/v1/models"
MODEL = {
    "id": "bench-model-0000004",
    "object": "model",
    "created": 1721172741,
    "owned_by": "upstream",
}
BODY = json.dumps({"object": "list", "data": [MODEL]}, separators=(",", ":"))


@dataclass
class Peer:
    """Something that answers with the upstream's body."""

    name: str
    version: str
    url: str
    authorization: str
    program: Program


class Template(string.Template):
    """`@{name}`, because nginx has its own use for the dollar."""

    delimiter = "@"


@dataclass
class Rig:
    """One upstream, the files of one run, and what ends all programs."""

    place: Path
    stack: ExitStack
    is_tls: bool
    upstream: Program | None = None
    port: int = 0
    # The shape of a real key, so that nobody's check for placeholders minds it.
    key: str = "sk-proj-" + secrets.token_hex(24)

    @property
    def scheme(self) -> str:
        return "https" if self.is_tls else "http"

    @property
    def authority(self) -> Path:
        """The CA that the upstream's certificate is from."""
        return self.place / "ca.pem"

    def start(self, name, command, environment=None) -> Program:
        return self.stack.enter_context(running(name, command, self.place, environment))

    def write(self, template: str, **values) -> Path:
        written = self.place / template
        text = (FILES / template).read_text()
        # `@type` of Envoy is no placeholder and stays as it is.
        written.write_text(Template(text).safe_substitute(place=self.place, **values))
        return written


def ensure_peers() -> None:
    """Installs Envoy and Caddy from PyPI; anew only when the list of packages has changed."""
    wanted, stamp = FILES / "requirements.txt", VENV / "requirements.txt"
    if stamp.exists() and stamp.read_bytes() == wanted.read_bytes():
        return
    print(f"installing the peers into {VENV.name}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    pip = [VENV / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", "-r", wanted], check=True, timeout=600)
    shutil.copy(wanted, stamp)


def tool(name: str, package: str) -> str:
    """A command of Debian's; its servers are not on everybody's PATH."""
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    found = shutil.which(name, path=path)
    if not found:
        raise Failure(f"{name} is missing: apt-get install {package}")
    return found


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


def start_upstream(rig: Rig) -> None:
    make_certificates(rig.place)
    rig.port = free_port()
    configuration = rig.write(
        "nginx-upstream.conf",
        port=rig.port,
        tls="ssl" if rig.is_tls else "",
        key=rig.key,
        body=BODY,
    )
    rig.upstream = rig.start("upstream", nginx(configuration))
    rig.upstream.await_port(rig.port)


def nginx(configuration: Path) -> list:
    command = [tool("nginx", "nginx-light"), "-p", configuration.parent, "-c", configuration]
    return [*command, "-e", "stderr", "-g", "daemon off;"]


def start_direct(rig: Rig) -> Peer:
    version = last_word(output_of(tool("nginx", "nginx-light"), "-v"))
    url = f"{rig.scheme}://127.0.0.1:{rig.port}{PATH}"
    return Peer("direct", version, url, rig.key, rig.upstream)


def start_nginx(rig: Rig) -> Peer:
    port = free_port()
    configuration = rig.write(
        "nginx-proxy.conf", port=port, upstream=rig.port, scheme=rig.scheme
    )
    version = last_word(output_of(tool("nginx", "nginx-light"), "-v"))
    return proxy(rig, "nginx", version, port, nginx(configuration))


def start_envoy(rig: Rig) -> Peer:
    # The package's own command is a Python script that only finds this file.
    found = sorted(VENV.glob("lib/python*/site-packages/envoy/_bin/envoy"))
    if not found:
        raise Failure(f"no Envoy below {VENV}")
    port = free_port()
    configuration = rig.write(
        "envoy.yaml", port=port, upstream=rig.port, transport_socket=envoy_transport(rig)
    )
    told = re.search(r"/(\d+\.\d+\.\d+)/", output_of(found[0], "--version"))
    command = [found[0], "-c", configuration, "--concurrency", "2", "--disable-hot-restart"]
    version = told.group(1) if told else "unknown"
    return proxy(rig, "envoy", version, port, [*command, "--log-level", "error"])


def envoy_transport(rig: Rig) -> str:
    types = "type.googleapis.com/envoy.extensions.transport_sockets."
    if not rig.is_tls:
        name, settings = "raw_buffer", {"@type": types + "raw_buffer.v3.RawBuffer"}
    else:
        name = "tls"
        trust = {"trusted_ca": {"filename": str(rig.authority)}}
        trust["match_typed_subject_alt_names"] = [
            {"san_type": "DNS", "matcher": {"exact": "localhost"}}
        ]
        settings = {
            "@type": types + "tls.v3.UpstreamTlsContext",
            "sni": "localhost",
            "common_tls_context": {
                # Unless told otherwise it stops at TLS 1.2 as a client.
                "tls_params": {"tls_maximum_protocol_version": "TLSv1_3"},
                "validation_context": trust,
            },
        }
    # JSON is YAML.
    return json.dumps({"name": f"envoy.transport_sockets.{name}", "typed_config": settings})


def start_caddy(rig: Rig) -> Peer:
    port = free_port()
    tls = ""
    if rig.is_tls:
        tls = f"tls_server_name localhost\n\t\t\ttls_trust_pool file {rig.authority}"
    configuration = rig.write(
        "Caddyfile", port=port, upstream=rig.port, scheme=rig.scheme, tls=tls
    )
    caddy = VENV / "bin" / "caddy"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(rig.place), "XDG_DATA_HOME": str(rig.place)}
    command = [caddy, "run", "--adapter", "caddyfile", "--config", configuration]
    version = output_of(caddy, "version").split(" ")[0].lstrip("v")
    return proxy(rig, "caddy", version, port, command, environment)


def proxy(rig: Rig, name, version, port, command, environment=None) -> Peer:
    program = rig.start(name, command, environment)
    program.await_port(port)
    return Peer(name, version, f"http://127.0.0.1:{port}{PATH}", rig.key, program)


def last_word(text: str) -> str:
    return text.rsplit("/", 1)[-1]
