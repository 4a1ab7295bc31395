"""Whether what callers saw of a register can have happened one operation after the other.

Every write has a value of its own, so who read what from whom is known and the question is easy.
Each write and its reads are a cluster, and a cluster's zone reaches from the first end of one of
its operations to the last beginning of one. Where the first end is before the last beginning, the
value was certainly in force in between (a forward zone); else it can have been so for a moment
anywhere from the last beginning to the first end (a backward zone). The history is linearizable if
and only if no two forward zones overlap, no backward zone lies within a forward one, and nothing
was read before it was written. P. Gibbons and E. Korach, "Testing Shared Memories", SIAM
Journal on Computing 26 (4), 1997.
"""

import math
from dataclasses import dataclass

NEVER = math.inf


@dataclass(frozen=True)
class Operation:
    """One call: when it began and when its answer was there, on one clock. A write without an
    answer may happen at any time after its beginning, or never: its end is `NEVER`. A read without
    one has seen nothing and is left out."""

    is_write: bool
    value: str | None
    begin: float
    end: float


@dataclass(frozen=True)
class Zone:
    value: str | None
    first_end: float
    last_begin: float

    @property
    def is_forward(self) -> bool:
        return self.first_end < self.last_begin

    @property
    def left(self) -> float:
        return min(self.first_end, self.last_begin)

    @property
    def right(self) -> float:
        return max(self.first_end, self.last_begin)


def violation(history: list[Operation], initial: str | None = None) -> str | None:
    """What can't have happened in any order; None when all of it can."""
    start = Operation(True, initial, -math.inf, -math.inf)
    writes = {initial: start}
    for write in (each for each in history if each.is_write):
        assert write.value not in writes, "each write needs a value of its own"
        writes[write.value] = write
    clusters: dict[str | None, list[Operation]] = {}
    for read in (each for each in history if not each.is_write):
        write = writes.get(read.value)
        if write is None:
            return f"{read.value} was read and never written"
        if read.end < write.begin:
            return f"{read.value} was read {write.begin - read.end:.3f} s before it was written"
        clusters.setdefault(read.value, [write]).append(read)
    for write in writes.values():
        # What nobody has answered and nobody has read need not have happened.
        if write.end != NEVER:
            clusters.setdefault(write.value, [write])
    zones = [
        Zone(value, min(each.end for each in cluster), max(each.begin for each in cluster))
        for value, cluster in clusters.items()
    ]
    return overlap(
        sorted((z for z in zones if z.is_forward), key=lambda zone: zone.left),
        [zone for zone in zones if not zone.is_forward],
    )


def overlap(forward: list[Zone], backward: list[Zone]) -> str | None:
    for earlier, later in zip(forward, forward[1:]):
        if later.left < earlier.right:
            return (
                f"{later.value} was seen and {earlier.value} was still seen "
                f"{earlier.right - later.left:.3f} s later"
            )
    for zone in backward:
        for outer in forward:
            if outer.left < zone.left and zone.right < outer.right:
                return f"{zone.value} was written and read while {outer.value} was in force"
    return None
