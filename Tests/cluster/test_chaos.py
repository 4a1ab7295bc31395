"""Everything that can happen to servers and to the engine, one after the other under load, and what
callers saw of it has to be explained by one order of all calls. CHAOS_MINUTES for the long form."""

import os
import random
import statistics
import time
from collections import defaultdict

import pytest
from harness import Proxy
from harness.checks import check_nothing_lost, make_admin, mint
from harness.registers import Registers
from harness.servers import Load, Members

SECONDS = float(os.environ.get("CHAOS_MINUTES", "1")) * 60
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.randrange(1 << 32)
ACCOUNTS = 4
# Between two faults, so that a take-over by mistake is seen for what it is.
PEACE_SECONDS = (3.0, 6.0)
# Longer than the lease and the wait of a take-over.
DISTURBED_SECONDS = (5.0, 9.0)
# A majority of the engine has to elect a leader for each of sixteen streams, on one machine.
RECOVERY_SECONDS_MAX = 90
# Every event of the run is listed at the end.
RING_EVENTS = "10000000"


class Chaos:
    """What is done to a cluster. Each fault waits until it is over for the servers it concerns, not
    for the callers."""

    def __init__(self, engine, root, chance: random.Random):
        self.engine, self.chance = engine, chance
        self.proxies = []
        self.members = Members(root, engine.urls)
        for member in self.members.all:
            proxies = [Proxy(node.client) for node in engine.nodes]
            self.proxies.append(proxies)
            member.environment["COUNTERSIGN_CLUSTER_SERVERS"] = ",".join(
                f"127.0.0.1:{proxy.port}" for proxy in proxies
            )
            member.environment["COUNTERSIGN_USAGE_RING_EVENTS"] = RING_EVENTS

    def _disturbed(self) -> None:
        time.sleep(self.chance.uniform(*DISTURBED_SECONDS))

    def owner_is_killed(self) -> None:
        owner = self.members.owner()
        owner.kill()
        self.members.owner(other_than=owner)
        owner.start()

    def standby_is_killed(self) -> None:
        owner = self.members.owner()
        victim = self.chance.choice([each for each in self.members.all if each is not owner])
        victim.kill()
        time.sleep(1)
        victim.start()

    def owner_stops_in_good_order(self) -> None:
        owner = self.members.owner()
        assert owner.stop() == 0, owner.output()[-2000:]
        self.members.owner(other_than=owner)
        owner.start()

    def owner_stands_still(self) -> None:
        owner = self.members.owner()
        self.members.avoided = owner
        owner.pause()
        self._disturbed()
        owner.resume()
        self.members.avoided = None

    def owner_is_cut_off_from_the_engine(self) -> None:
        owner = self.members.owner()
        proxies = self.proxies[self.members.all.index(owner)]
        for proxy in proxies:
            proxy.cut()
        self._disturbed()
        for proxy in proxies:
            proxy.heal()

    def stream_leader_is_killed(self) -> None:
        leader = self.engine.leader("EV_0")
        leader.kill()
        self._disturbed()
        leader.start()
        self.engine.wait_healthy(RECOVERY_SECONDS_MAX)

    def two_of_three_are_killed(self) -> None:
        victims = self.chance.sample(self.engine.nodes, 2)
        for victim in victims:
            victim.kill()
        time.sleep(2)
        for victim in victims:
            victim.start()
        self.engine.wait_healthy(RECOVERY_SECONDS_MAX)

    FAULTS = (
        owner_is_killed,
        owner_stops_in_good_order,
        owner_stands_still,
        standby_is_killed,
        owner_is_cut_off_from_the_engine,
        stream_leader_is_killed,
        two_of_three_are_killed,
    )

    def end(self) -> None:
        self.members.end()
        for proxies in self.proxies:
            for proxy in proxies:
                proxy.close()


@pytest.fixture
def chaos(engine, tmp_path):
    print(f"\nCHAOS_SEED={SEED}")
    chaos = Chaos(engine, tmp_path / "servers", random.Random(SEED))
    try:
        chaos.members.start()
        yield chaos
    finally:
        chaos.end()


def rounds(chaos: Chaos):
    """Faults in an order of chance, each as often as the others."""
    deadline = time.monotonic() + SECONDS
    while True:
        order = list(Chaos.FAULTS)
        chaos.chance.shuffle(order)
        for fault in order:
            if time.monotonic() >= deadline:
                return
            yield fault


def test_one_order_explains_what_all_callers_saw(chaos):
    members = chaos.members
    admin = make_admin(members)
    token = mint(admin, members)
    outages = defaultdict(list)
    with Load(members, token, reporters=2) as load, Registers(members, ACCOUNTS) as registers:
        load.wait(100)
        for fault in rounds(chaos):
            began = time.monotonic()
            fault(chaos)
            load.wait(100, RECOVERY_SECONDS_MAX)
            time.sleep(chaos.chance.uniform(*PEACE_SECONDS))
            outages[fault.__name__].append(load.outage(began, time.monotonic()))
        members.wait_ready()
    print_outages(outages)
    print(registers.check())
    check_nothing_lost(members, admin, load)
    assert sum(len(each.history) for each in registers.registers) > 100 * ACCOUNTS


def print_outages(outages: dict[str, list[float]]) -> None:
    print("| what happened | times | without an acknowledgement: median | longest |")
    print("|---|---:|---:|---:|")
    for name, seconds in outages.items():
        print(
            f"| {name.replace('_', ' ')} | {len(seconds)} | {statistics.median(seconds):.1f} s "
            f"| {max(seconds):.1f} s |"
        )
