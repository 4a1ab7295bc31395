"""Countersign's gateway as a proxy among the others, and the count of its durable events."""

from dataclasses import dataclass

from ..rig import Rig
from . import countersign
from .proxies import Peer
from .upstream import PATH, Upstream

INTEGRATION = "openai"
CALL_PATH = f"/api/integrations/{INTEGRATION}/call"


@dataclass
class Gateway(Peer):
    server: countersign.Countersign
    counted: int = 0

    def new_ok_events(self, at_least: int) -> int:
        """How many came since the last time, once the number stands still."""
        now = self.server.settled_count(
            INTEGRATION, "proof_of_use_count_24h", self.counted + at_least
        )
        new, self.counted = now - self.counted, now
        return new


def start_countersign(rig: Rig, upstream: Upstream, path: str = PATH) -> Gateway:
    own = {
        "COUNTERSIGN_OPENAI_BASE_URL": f"http://127.0.0.1:{upstream.port}",
        "OPENAI_API_KEY": upstream.key,
    }
    if upstream.is_tls:
        # By name, as with a real provider: the certificate is checked against it.
        own["COUNTERSIGN_OPENAI_BASE_URL"] = f"https://localhost:{upstream.port}"
        own["COUNTERSIGN_UPSTREAM_CA_FILE"] = str(upstream.authority)
    server = countersign.start(rig, arguments=["--allow-private-upstreams"], **own)
    gateway = Gateway(
        name="countersign",
        version=countersign.version(),
        url=server.origin + CALL_PATH + path,
        authorization=f"Bearer {server.mint(f'call:{INTEGRATION}')}",
        program=server.program,
        server=server,
    )
    gateway.counted = server.count(INTEGRATION, "proof_of_use_count_24h")
    return gateway
