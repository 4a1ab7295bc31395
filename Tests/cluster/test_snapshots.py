"""Snapshots: restored, trimmed behind, and left alone when they are not whole."""

import time

from test_engine_faults import flip


def fill(tool, start: int, count: int, size: int = 60) -> None:
    for index in range(start, start + count):
        assert tool.append(f"s{index}".ljust(size, "x")) == "durable"


def test_restart_from_a_snapshot_and_trimming(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    early = tools(engine.urls, name="early")
    fill(owner, 0, 100)
    assert owner.ask("snapshot 0", seconds=30) == "snapshot 0 written"
    fill(owner, 100, 50)
    assert engine.stream("EV_0")["state"]["first_seq"] == 1
    assert owner.ask("snapshot 0", seconds=30) == "snapshot 0 written"
    time.sleep(1.5)
    first = engine.stream("EV_0")["state"]["first_seq"]
    assert first > 90, "the stream was not trimmed"
    fill(owner, 150, 10)
    expected = owner.texts()
    fresh = tools(engine.urls, name="fresh")
    fresh.wait_count(160)
    early.wait_count(160)
    assert fresh.texts() == early.texts() == expected
    for _ in range(3):
        fill(owner, 200, 5)
        assert owner.ask("snapshot 0", seconds=30) == "snapshot 0 written"
    time.sleep(1.5)
    kept = engine.stream("SNAP_0")["state"]
    assert kept["messages"] <= 8, f"old snapshots are left: {kept}"


def test_follower_that_slept_through_a_trimming(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    sleeper = tools(engine.urls, name="sleeper")
    fill(owner, 0, 20)
    sleeper.wait_count(20)
    sleeper.pause()
    fill(owner, 20, 60)
    for _ in range(2):
        assert owner.ask("snapshot 0", seconds=30) == "snapshot 0 written"
        fill(owner, 80, 5)
    time.sleep(12)
    assert engine.stream("EV_0")["state"]["first_seq"] > 60
    sleeper.resume()
    sleeper.wait_count(90, seconds=60)
    assert sleeper.texts() == owner.texts()


def test_missing_chunk_falls_back_to_the_snapshot_before(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    fill(owner, 0, 100)
    assert owner.ask("snapshot 0", seconds=30) == "snapshot 0 written"
    fill(owner, 100, 20)
    assert owner.ask("snapshot 0", seconds=30) == "snapshot 0 written"
    fill(owner, 120, 10)
    expected = owner.texts()
    # Every chunk of the newer one goes: the last messages are manifest and chunks.
    state = engine.stream("SNAP_0")["state"]
    owner.kill()
    for node in engine.nodes:
        node.stop()
    for node in engine.nodes:
        block = node.blocks("SNAP_0")[-1]
        # The last chunk lies right before the last manifest.
        flip(block, block.stat().st_size - 700)
    for node in engine.nodes:
        node.start()
    engine.wait_healthy(60)
    fresh = tools(engine.urls, name="fresh")
    fresh.wait_count(130, seconds=90)
    assert fresh.texts() == expected
    print([line for line in fresh.said("notice")], state["messages"])


def test_full_stream_refuses_and_goes_on_later(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    fill(owner, 0, 3)
    assert owner.ask("limit 0 4000", "limit 0") == "limit 0 done"
    deadline = time.monotonic() + 30
    answers = []
    index = 0
    while "full" not in answers:
        assert time.monotonic() < deadline, answers
        owner.say(f"append 0 z{index}" + "x" * 500)
        index += 1
        time.sleep(0.3)
        answers = [line.split()[2] for line in owner.said("refused 0")]
    assert owner.status()["full"] == "true"
    assert owner.ask("limit 0 -1", "limit 0") == "limit 0 done"
    time.sleep(3)
    assert owner.append("room") == "durable"
    assert len(owner.texts()) == len(set(owner.texts()))
