"""Durable appends to the log from inside the process, without HTTP around them."""

import subprocess

from ..disk import flush_microseconds
from ..peers import countersign
from ..results import Result
from ..rig import Rig

SECONDS_MAX = 120


def measure(rig: Rig) -> Result:
    flush = flush_microseconds(rig.place)
    done = subprocess.run(
        [countersign.product("LogAppends")],
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        # It writes where temporary files are: on the disk that the others are measured on.
        env=countersign.environment(TMPDIR=str(rig.place)),
    )
    return Result(
        title="Appends to the log, in process",
        detail=f"""Writers that each wait until their own record of 256 bytes is durable. One
fdatasync of 512 bytes on the same file system took {flush:,.0f} µs.

{done.stdout.strip()}""",
        versions={"Countersign": countersign.version()},
    )
