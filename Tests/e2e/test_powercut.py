"""Power cuts on the real program: the directory that is left, rebuilt with what had not been synced
dropped, torn and out of order, opens again with everything that was acknowledged."""

import os
import random
import shutil
import time

import pytest

from harness import Refused
from harness.facts import Facts, check_facts
from harness.gateway import Gateway
from harness.load import Load
from harness.powercut import Disk
from harness.shim import Shim

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SEED = int(os.environ.get("SEED", "0")) or random.getrandbits(32)
ROUNDS_PER_DIRECTORY = 25
RESTLESS = {
    "COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20),
    "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
    # Every event of all rounds has to be listed at the end.
    "COUNTERSIGN_USAGE_RING_EVENTS": "10000000",
    "COUNTERSIGN_SNAPSHOT_LOG_BYTES": str(16 << 10),
}


class PoweredGateway:
    """A gateway on a disk that can be rebuilt as a power cut leaves it."""

    def __init__(self, servers, upstream, root, *, is_honest: bool = True):
        self.root, self.is_honest = root, is_honest
        self.disk = root / "disk-0"
        self.disk.mkdir(parents=True)
        self.cuts = 0
        self.shim = Shim(root / "shim", self.disk)
        self.before = Disk(self.disk, is_honest=is_honest)
        self.gateway = Gateway.start(
            servers,
            upstream,
            env={**RESTLESS, **self.shim.environment(journal=True)},
            data=self.disk / "data",
        )

    def cut(self, seed: int) -> dict:
        """Ends the process, builds what the disk may hold now, and starts on that."""
        server = self.gateway.server
        server.kill()
        self.cuts += 1
        after = self.root / f"disk-{self.cuts}"
        stake = self.before.replay(self.shim.journal).write_after_the_cut(after, seed)
        shutil.rmtree(self.disk)
        self.shim.journal.unlink()
        self.disk = self.shim.directory = after
        self.before = Disk(after, is_honest=self.is_honest)
        server.data = after / "data"
        server.env.update(self.shim.environment(journal=True))
        return stake

    def start(self) -> None:
        self.gateway.server.start()
        self.gateway.restarted()


def test_a_power_cut_loses_nothing_acknowledged(servers, own_upstream, tmp_path):
    began, stakes, summaries = time.monotonic(), [], []
    for first in range(0, ROUNDS, ROUNDS_PER_DIRECTORY):
        powered = PoweredGateway(servers, own_upstream, tmp_path / f"powered-{first}")
        rounds = range(first, min(first + ROUNDS_PER_DIRECTORY, ROUNDS))
        summaries.append(cut_again_and_again(powered, rounds, stakes).summary())
        powered.gateway.server.kill()
        own_upstream.reset()
    # Cuts that nothing was at stake in would prove nothing.
    assert all(stake["syncs"] > 0 for stake in stakes)
    assert sum(stake["unsynced writes"] for stake in stakes) > 0
    totals = {key: sum(stake[key] for stake in stakes) for key in stakes[0] if key != "luck"}
    print(f"\n{ROUNDS} power cuts in {time.monotonic() - began:.0f} s, seed {SEED}: {totals}")
    print(*summaries, sep="\n")


def test_a_disk_that_forgets_its_syncs_is_noticed(servers, own_upstream, tmp_path):
    """The test of the test: what it is there to find, it finds."""
    powered = PoweredGateway(servers, own_upstream, tmp_path / "forgetful", is_honest=False)
    with pytest.raises((AssertionError, Refused)):
        cut_again_and_again(powered, range(20), [])


def cut_again_and_again(powered: PoweredGateway, rounds: range, stakes: list[dict]) -> Facts:
    gateway = powered.gateway
    token = gateway.admin.mint("usage:write", "usage:read", "status:read")
    gateway.token("call:alpaca")
    facts = Facts()
    Load(gateway, token, facts).use_code(gateway.server.client())
    for number in rounds:
        with Load(gateway, token, facts) as load:
            time.sleep(random.uniform(0.05, 0.45))
            stakes.append(powered.cut(SEED + number))
            load.stop.set()
        powered.start()
        check_facts(gateway, token, facts, everything=number == rounds[-1])
    return facts
