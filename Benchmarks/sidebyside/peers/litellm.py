"""LiteLLM's proxy: the gateway to models that most would pick, without a database or look-ups."""

import os
import secrets
from dataclasses import dataclass

from ..programs import Program, free_port
from ..rig import Rig
from ..settings import VENV
from .installed import version_of
from .upstream import Upstream

CHAT_PATH = "/v1/chat/completions"


@dataclass
class LiteLLM:
    url: str
    key: str
    program: Program


def start(rig: Rig, upstream: Upstream) -> LiteLLM:
    """Two workers, production mode, no database: what it can do at its leanest."""
    port, key = free_port(), "sk-" + secrets.token_hex(32)
    configuration = rig.write("litellm.yaml", upstream=upstream.port, key=upstream.key)
    environment = {
        **os.environ,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MASTER_KEY": key,
        "LITELLM_MODE": "PRODUCTION",
        "NO_DOCS": "True",
        # Whatever it wants to keep goes with the run.
        "HOME": str(rig.place),
    }
    command = [VENV / "bin" / "litellm", "--config", configuration, "--host", "127.0.0.1"]
    command += ["--port", port, "--num_workers", rig.settings.cores]
    program = rig.start("litellm", command, environment)
    program.await_port(port)
    return LiteLLM(f"http://127.0.0.1:{port}{CHAT_PATH}", key, program)


def version() -> str:
    return version_of("litellm")
