"""One run: all checks in their order, then the pages, the index, and a last look over both."""

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from harness import BINARY, REPOSITORY

from . import index
from .ledger import Ledger
from .pages import pages
from .requirements import REQUIREMENTS
from .rows import checks
from .selfcheck import check_the_ledger
from .sweep import sweep
from .world import Proof

OUT = REPOSITORY / "docs" / "proof"
# Where a run of some rows only goes: it proves nothing and is no document.
OUT_OF_SOME = REPOSITORY / ".build" / "proof"


def main(ids: list[str]) -> int:
    if unknown := [id for id in ids if id not in REQUIREMENTS]:
        print(f"no such row: {' '.join(unknown)}")
        return 64
    if not os.access(BINARY, os.X_OK):
        print("the release binary is not there: scripts/build.sh makes it")
        return 1
    # The providers' clients heed the environment, and everything here is on this machine.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    # Ended from outside, it still ends the servers that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    check_the_ledger()
    out = fresh(OUT_OF_SOME if ids else OUT)
    ledger = Ledger(pages())
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="countersign-proof-") as scratch,
        Proof(out, Path(scratch)) as proof,
    ):
        ledger.run(proof, checks(ids))
        written = [page.write(out) for page in ledger.pages.values() if page.sections]
        wanted = ids or list(REQUIREMENTS)
        problems = proof.leaks() + sweep(proof, written)
        seconds = time.monotonic() - started
        problems += sweep(proof, [index.write(proof, ledger, wanted, problems, seconds)])
    return summed_up(ledger, wanted, problems, out)


def fresh(out: Path) -> Path:
    """Emptied first: nothing of an earlier run may pass for one of this."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return out


def summed_up(ledger: Ledger, wanted: list[str], problems: list[str], out: Path) -> int:
    failed = [id for id in wanted if not ledger.passed(id)]
    for problem in problems:
        print(f"FAIL {problem}")
    print(f"{len(wanted) - len(failed)} of {len(wanted)} rows pass: {out.relative_to(REPOSITORY)}")
    if failed:
        print(f"these do not: {' '.join(failed)}")
    return 1 if failed or problems else 0
