"""The engine's servers die, stall, and their disks rot."""

import shutil
import time


def acked(tool) -> set[str]:
    return {line.split()[1] for line in tool.said("acked ")}


def check_all_there(tool, expected: set[str]) -> None:
    tool.wait_count(len(expected), seconds=60)
    texts = tool.texts()
    assert expected <= set(texts)
    assert len(texts) == len(set(texts)), "a record is there twice"


def test_stream_leader_is_killed_under_load(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    owner.say("load 0 1000000 0 8 k")
    time.sleep(2)
    for _ in range(2):
        leader = engine.leader("EV_0")
        before = len(acked(owner))
        leader.kill()
        began = time.monotonic()
        while len(acked(owner)) < before + 50:
            assert time.monotonic() - began < 40, "nothing is acknowledged any more"
            time.sleep(0.05)
        print(f"leader killed: writes go on after {time.monotonic() - began:.1f} s")
        leader.start()
        engine.wait_healthy()
        time.sleep(1)
    owner.kill()
    fresh = tools(engine.urls)
    expected = acked(owner)
    check_all_there(fresh, expected)
    print(f"{len(expected)} acked, all there")


def test_two_of_three_killed_stalls_and_loses_nothing(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    owner.say("load 0 1000000 0 8 k")
    time.sleep(2)
    leader = engine.leader("EV_0")
    other = next(node for node in engine.nodes if node is not leader)
    leader.kill()
    other.kill()
    time.sleep(3)
    stalled = len(acked(owner))
    time.sleep(4)
    assert len(acked(owner)) == stalled, "acknowledged without a majority"
    assert owner.ask("read 0") == "read 0 false"
    leader.start()
    other.start()
    engine.wait_healthy(60)
    deadline = time.monotonic() + 60
    while len(acked(owner)) < stalled + 50:
        assert time.monotonic() < deadline, "it does not go on"
        time.sleep(0.1)
    owner.kill()
    check_all_there(tools(engine.urls), acked(owner))


def test_all_killed_at_once(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    owner.say("load 0 1000000 0 8 k")
    time.sleep(2)
    for node in engine.nodes:
        node.kill()
    expected = acked(owner)
    owner.kill()
    for node in engine.nodes:
        node.start()
    engine.wait_healthy(60)
    check_all_there(tools(engine.urls), expected)


def flip(path, place: int) -> None:
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


def rot_one_copy(engine, count: int, graceful: bool, remove_index: bool) -> None:
    """A server of the stream that does not lead stops, loses a bit, and comes back."""
    leader = engine.leader("EV_0")
    victim = next(node for node in engine.nodes if node is not leader)
    (victim.stop if graceful else victim.kill)()
    block = victim.blocks("EV_0")[0]
    flip(block, block.stat().st_size // 2)
    if remove_index:
        for index in block.parent.glob("index.db"):
            index.unlink()
    victim.start()
    engine.wait_healthy(60)
    time.sleep(3)
    # It leads now, so that nobody reads past its copy by luck.
    return victim


def lead(engine, node, tool) -> bool:
    for _ in range(12):
        if engine.leader("EV_0") is node:
            return True
        tool.say(f"stepdown 0 {node.name}")
        time.sleep(1.5)
    return engine.leader("EV_0") is node


def rot(engine, tools, graceful, remove_index):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    owner.say("load 0 2000 0 1 k")
    owner.expect("loaded 0", 120)
    expected = acked(owner)
    assert len(expected) == 2000
    victim = rot_one_copy(engine, 2000, graceful, remove_index)
    leads = lead(engine, victim, owner)
    repairs = 0
    for index in range(6):
        follower = tools(engine.urls, name=f"f{index}")
        follower.wait_count(2000, seconds=90)
        assert follower.texts()[:2000] == [f"k{i}" for i in range(2000)]
        assert not follower.said("gap"), "a hole was passed over"
        assert not follower.said("stopped")
        repairs += len([line for line in follower.said("notice") if "repaired" in line])
        follower.kill()
    assert owner.append("after") == "durable"
    print(f"rotten server led: {leads}; repairs by six followers: {repairs}")
    accused = scrub(engine, owner)
    assert accused <= {victim.name}, "a whole copy was accused"
    if repairs:
        assert accused, "a follower had to repair what the scrubber did not see"
    if accused:
        copy_anew(engine, victim)
        assert scrub(engine, owner) == set()


def copy_anew(engine, victim) -> None:
    """As docs/cluster.md tells operators to."""
    victim.stop()
    shutil.rmtree(victim.blocks("EV_0")[0].parents[1])
    victim.start()
    engine.wait_healthy(60)


def scrub(engine, tool) -> set[str]:
    """Has each server's copy looked at; answers whose are damaged."""
    place = tool.say("scrub 0")
    line = tool.expect("scrubbed 0", 120, place)
    assert f"read={','.join(sorted(node.name for node in engine.nodes))} missed=" in line, line
    accused = {finding.split()[2] for finding in tool.lines[place:] if finding.startswith("find")}
    print(f"{line}; accused: {sorted(accused)}")
    return accused


def test_bit_flip_after_a_graceful_stop(engine, tools):
    rot(engine, tools, graceful=True, remove_index=False)


def test_bit_flip_after_a_kill(engine, tools):
    rot(engine, tools, graceful=False, remove_index=False)


def test_bit_flip_and_a_lost_index(engine, tools):
    rot(engine, tools, graceful=True, remove_index=True)


def test_every_copy_rotten_stops_the_shard(engine, tools):
    owner = tools(engine.urls, rank=0)
    owner.expect("gained 0 1")
    owner.say("load 0 500 0 1 k")
    owner.expect("loaded 0", 60)
    owner.kill()
    for node in engine.nodes:
        node.stop()
    for node in engine.nodes:
        block = node.blocks("EV_0")[0]
        flip(block, block.stat().st_size // 2)
    for node in engine.nodes:
        node.start()
    engine.wait_healthy(60)
    follower = tools(engine.urls, rank=0)
    line = follower.expect("stopped 0", 240)
    assert "can't be read from any server" in line
    assert not follower.said("gained") and not follower.said("gap")
