"""What a run is told by its environment, and where its files are."""

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
FILES = Path(__file__).resolve().parent / "files"
SCRIPTS = REPOSITORY / "Benchmarks" / "wrk"
VENV = REPOSITORY / ".venv-bench"
PRODUCTS = Path(os.environ.get("BENCH_PRODUCTS") or REPOSITORY / ".build" / "release")


@dataclass(frozen=True)
class Settings:
    """`BENCH_QUICK=1` changes the defaults: a look in three minutes, not figures to keep."""

    is_quick: bool
    rounds: int
    # Of each load.
    seconds: int
    # What everything shares. As many as the workers that nginx and Envoy are given: more cores
    # would favour the others.
    cores: int
    users: int
    # For the data whose durability is measured; None is the system's temporary directory.
    directory: str | None

    @classmethod
    def from_environment(cls) -> "Settings":
        is_quick = os.environ.get("BENCH_QUICK", "") not in ("", "0")

        def number(name: str, usual: int, quick: int) -> int:
            return int(os.environ.get(name) or (quick if is_quick else usual))

        return cls(
            is_quick=is_quick,
            rounds=number("BENCH_ROUNDS", 5, 2),
            seconds=number("BENCH_SECONDS", 4, 1),
            cores=number("BENCH_CORES", 2, 2),
            users=number("BENCH_USERS", 1_000_000, 100_000),
            directory=os.environ.get("BENCH_DIRECTORY"),
        )
