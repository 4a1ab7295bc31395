"""All checks, in the order in which they run: importing a module registers its own. The browser
comes last, for it takes longest, and the pictures after what has taken them."""

from importlib import import_module

from .ledger import CHECKS, Check

MODULES = (
    "start",
    "accounts",
    "second_factor",
    "sessions",
    "errors",
    "messages",
    "status",
    "usage",
    "story",
    "actors",
    "durability",
    "front",
    "structure",
    "guard",
    "history",
    "settings",
    "alerts",
    "connections",
    "pictures",
)


def checks(ids: list[str]) -> list[Check]:
    """Those of some rows, or without ids all."""
    for module in MODULES:
        import_module(f"{__package__}.{module}")
    return [check for check in CHECKS if not ids or check.id in ids]
