"""The yardstick: a Hummingbird route that answers a constant, in the same build."""

from ..programs import Program
from ..rig import Rig
from .countersign import product


def start(rig: Rig) -> tuple[str, Program]:
    program = rig.start("bare", [product("BareRoute")])
    return program.await_line(r"^listening on (http://\S+)$").group(1) + "/bare", program
