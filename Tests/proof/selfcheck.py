"""Before the run: the ledger itself is shown rows that must not pass, and one that must."""

from .ledger import Check, Ledger
from .masking import Secrets
from .pages import Page


class Stub:
    secrets = Secrets()


def good(proof, section) -> str:
    return "seen"


def silent(proof, section) -> str:
    return ""


def failing(proof, section) -> str:
    raise AssertionError("not so")


# Whether a row with these checks may pass.
CASES = [
    ([good], True),
    ([], False),
    ([silent], False),
    ([failing], False),
    ([good, failing], False),
]


def check_the_ledger() -> None:
    for looks, may_pass in CASES:
        ledger = Ledger({"page": Page("page", "", "")})
        checks = [Check("U1", "page", look.__name__, "", look) for look in looks]
        ledger.run(Stub, checks, quiet=True)
        passes = ledger.passed("U1")
        assert passes == may_pass, f"a row with {[look.__name__ for look in looks]}: {passes}"
