"""Shards spread over servers that come and go, and what servers ask each other."""

import time

SHARDS = 16


def loads(tools) -> list[int]:
    return [int(tool.ask("owned", "owned").split()[1]) for tool in tools]


def wait_loads(tools, wanted: list[int], seconds: float = 60) -> float:
    """Returns how long it took until each has its share."""
    began = time.monotonic()
    while sorted(found := loads(tools)) != wanted:
        assert time.monotonic() - began < seconds, f"{found} and not {wanted}"
        time.sleep(0.1)
    return time.monotonic() - began


def start(tools, engine, name: str, cluster: int, **options):
    options = {"settled": 1000, "peers": "secret", **options}
    return tools(engine.urls, name=name, shards=SHARDS, cluster=cluster, **options)


def test_shards_spread_and_come_back(engine, tools):
    one = start(tools, engine, "one", 1)
    wait_loads([one], [16])
    two = start(tools, engine, "two", 1)
    took = wait_loads([one, two], [8, 8])
    three = start(tools, engine, "three", 1)
    all_three = [one, two, three]
    more = wait_loads(all_three, [5, 5, 6])
    for tool in all_three:
        assert tool.ask("members", "members").split()[1] == "3"
    # Every shard takes appends at its owner, and nobody else takes them.
    for shard in range(SHARDS):
        answers = [tool.append(f"s{shard}", shard) for tool in all_three]
        assert sorted(answers) == ["durable", "fenced", "fenced"], (shard, answers)
    print(f"\nspread over two after {took:.1f} s, over three after {more:.1f} s more")

    # Nothing moves any more.
    gained = sum(len(tool.said("gained")) for tool in all_three)
    time.sleep(6)
    assert sum(len(tool.said("gained")) for tool in all_three) == gained

    # In good order: the others have everything at once.
    two.say("quit")
    stopped = wait_loads([one, three], [8, 8], 30)
    two.process.wait(timeout=20)
    # The same address has the same shards again.
    two = start(tools, engine, "two", 1)
    wait_loads([one, two, three], [5, 5, 6])

    # Without a word: after the silence that a take-over waits for.
    three.kill()
    killed = wait_loads([one, two], [8, 8], 40)
    for shard in range(SHARDS):
        answers = [tool.append(f"k{shard}", shard) for tool in (one, two)]
        assert sorted(answers) == ["durable", "fenced"]
    print(f"stopped: spread again after {stopped:.1f} s; killed: after {killed:.1f} s")


def test_a_server_that_stands_still_gets_nothing(engine, tools):
    one = start(tools, engine, "one", 2)
    wait_loads([one], [16])
    two = start(tools, engine, "two", 2)
    wait_loads([one, two], [8, 8])
    two.pause()
    wait_loads([one], [16], 30)
    two.resume()
    wait_loads([one, two], [8, 8])
    for shard in range(SHARDS):
        answers = [tool.append(f"s{shard}", shard) for tool in (one, two)]
        assert "durable" in answers and len(answers) == 2


def test_questions_reach_the_owner(engine, tools):
    one = start(tools, engine, "one", 3, settled=600_000)
    wait_loads([one], [16])
    two = start(tools, engine, "two", 3, settled=600_000)
    eventually(two, "ask 3 hello", "asked answer one:hello")
    times = []
    for number in range(200):
        began = time.monotonic()
        assert two.ask(f"ask 0 n{number}", "asked") == f"asked answer one:n{number}"
        times.append(time.monotonic() - began)
    times.sort()
    print(f"\nasked in {times[100] * 1000:.1f} ms (median), {times[198] * 1000:.1f} ms (p99)")

    # Somebody on the same engine who does not know the secret hears and says nothing.
    stranger = start(tools, engine, "stranger", 3, peers="other", settled=600_000)
    eventually(stranger, "ask 3 hello", "asked silence")
    stranger.kill()

    # An owner that has died is not waited for.
    one.kill()
    eventually(two, "ask 3 hello", "asked unreachable", 3)
    two.expect("gained 3", 20)


def eventually(tool, command: str, answer: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while (said := tool.ask(command, "asked")) != answer:
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
