"""Who owns a shard: one at a time, whatever happens to processes and to the network's answers."""

import re
import time

from harness import Proxy


def is_fenced(answer: str) -> bool:
    return answer in ("fenced", "lost")


def test_records_reach_the_followers_in_order(shared_engine, tools):
    owner = tools(shared_engine.urls, shards=1, cluster=1, rank=0)
    owner.expect("gained 0 1")
    follower = tools(shared_engine.urls, shards=1, cluster=1)
    texts = [f"r{i}" for i in range(50)]
    for text in texts:
        assert owner.append(text) == "durable"
    follower.wait_count(50)
    assert follower.texts() == owner.texts() == texts
    assert follower.append("x") == "fenced"
    assert owner.ask("read 0") == "read 0 true"
    assert follower.ask("read 0") == "read 0 false"
    assert follower.status()["address"] == owner.name

    # A stop in good order hands over at once.
    follower.say("candidate 0 0")
    began = time.monotonic()
    owner.quit()
    follower.expect("gained 0 2", 10)
    took = time.monotonic() - began
    assert follower.append("after") == "durable"
    print(f"graceful handover {took * 1000:.0f} ms")
    assert took < 2


def test_killed_owner_is_replaced_after_its_lease(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    standby = tools(engine.urls, rank=0)
    owner.say("load 0 100000 0 4 k")
    time.sleep(2)
    began = time.monotonic()
    owner.kill()
    standby.expect("gained 0", 15)
    took = time.monotonic() - began
    acked = {line.split()[1] for line in owner.said("acked ")}
    texts = standby.texts()
    assert acked <= set(texts) and len(texts) == len(set(texts))
    assert len(texts) - len(acked) <= 4
    assert standby.append("after") == "durable"
    print(f"owner killed: {len(acked)} acked, all there; taken over after {took:.2f} s")
    assert 3 < took < 6


def test_two_forced_owners_never_interleave(engine, tools):
    first = tools(engine.urls, rank=0)
    first.expect("gained 0 1")
    second = tools(engine.urls)
    answers = {first.name: [], second.name: []}
    for turn in range(5):
        loser, winner = (first, second) if turn % 2 == 0 else (second, first)
        assert loser.append(f"{turn}-a") == "durable"
        winner.wait_count(len(loser.texts()))
        place = winner.say("force 0")
        winner.expect("gained 0", 15, place)
        place = len(loser.lines)
        # Within one append the one who does not know yet is told.
        assert is_fenced(loser.append(f"{turn}-b"))
        answers[loser.name].append(f"{turn}-b")
        loser.expect("lost 0", 10, max(0, place - 5))
        assert winner.append(f"{turn}-c") == "durable"
    first.wait_count(10)
    second.wait_count(10)
    assert first.texts() == second.texts()
    assert [t for t in first.texts() if t.endswith("-b")] == []


def test_paused_owner_is_refused_when_it_wakes(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    standby = tools(engine.urls, rank=0)
    assert owner.append("before") == "durable"
    standby.wait_count(1)
    owner.pause()
    standby.expect("gained 0 2", 15)
    assert standby.append("meanwhile") == "durable"
    time.sleep(10)
    # What was queued while it stood still, and a read, before it can have heard of anything.
    place = len(owner.lines)
    for index in range(20):
        owner.say(f"append 0 queued{index}")
    owner.say("read 0")
    owner.resume()
    assert owner.expect("read 0", 10, place) == "read 0 false"
    time.sleep(3)
    results = [line for line in owner.lines[place:] if "queued" in line]
    assert len(results) == 20
    assert all(line.split()[2] in ("lost", "fenced") for line in results), results
    owner.wait_count(2)
    assert owner.texts() == standby.texts() == ["before", "meanwhile"]


def test_lost_acknowledgement_is_resolved_as_one_success(engine, tools):
    leader_ports = [node.client for node in engine.nodes]
    proxy = Proxy(leader_ports[0])
    owner = tools(f"127.0.0.1:{proxy.port}", rank=0)
    owner.expect("gained 0 1")
    try:
        for index in range(3):
            proxy.drops = re.compile(rb'"stream":"EV_0"')
            place = owner.say(f"append 0 quiet{index}")
            deadline = time.monotonic() + 10
            while not proxy.dropped and time.monotonic() < deadline:
                time.sleep(0.05)
            assert proxy.dropped, "the acknowledgement did not pass"
            time.sleep(2.5)
            proxy.drops = None
            proxy.dropped.clear()
            owner.expect(f"settled 0 durable quiet{index}", 15, place)
        assert owner.texts() == ["quiet0", "quiet1", "quiet2"]
        fresh = tools(engine.urls)
        fresh.wait_count(3)
        time.sleep(1)
        assert fresh.texts() == ["quiet0", "quiet1", "quiet2"]
    finally:
        proxy.close()


def test_cut_off_owner_stops_reading_before_another_owns(engine, tools):
    proxy = Proxy(engine.nodes[0].client)
    owner = tools(f"127.0.0.1:{proxy.port}", rank=0)
    owner.expect("gained 0 1")
    standby = tools(engine.urls, rank=0)
    assert owner.append("before") == "durable"
    standby.wait_count(1)
    # Nothing from the engine arrives any more.
    proxy.drops = re.compile(rb"")
    began = time.monotonic()
    last_read = began
    while time.monotonic() - began < 15 and not standby.said("gained 0 2"):
        if owner.ask("read 0") == "read 0 true":
            last_read = time.monotonic()
        time.sleep(0.02)
    gained = time.monotonic()
    assert standby.said("gained 0 2")
    assert owner.ask("read 0") == "read 0 false"
    assert last_read < gained
    print(f"reads ended {last_read - began:.2f} s, other owner {gained - began:.2f} s after")
    assert standby.append("after") == "durable"
    proxy.drops = None
    owner.wait_count(2, seconds=30)
    assert owner.texts() == ["before", "after"]
    proxy.close()
