"""The last look over the pages: they must hold no secret and know nothing of the machine."""

import re
import socket
from pathlib import Path

from harness import REPOSITORY

from .world import Proof

# Shorter names are words of their own.
HOST_NAME_LENGTH_MIN = 4
# Sessions and tokens of this server, and the links of authenticators, also those that the run has
# not come to know.
SHAPES = re.compile(r"cs_[a-z]_[0-9A-Za-z_-]{8}|secret=[A-Z2-7]{16}")


def sweep(proof: Proof, files: list[Path]) -> list[str]:
    """What is wrong with the files."""
    problems = []
    if not files or not len(proof.secrets):
        problems.append("there are no pages or no secrets, so that none was found shows nothing")
    host = socket.gethostname()
    places = {str(REPOSITORY), str(Path.home()), str(proof.scratch)} - {"/"}
    if len(host) >= HOST_NAME_LENGTH_MIN:
        places.add(host)
    for file in files:
        text = file.read_text()
        problems += [
            f"{file.name} holds a secret: {name}" for name in sorted(proof.secrets.found_in(text))
        ]
        problems += [f"{file.name} holds what looks like a secret"] * bool(SHAPES.search(text))
        problems += [f"{file.name} knows the machine" for place in places if place in text]
    return problems
