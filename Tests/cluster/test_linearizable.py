"""The judge of the chaos is judged itself: by trying all orders of small histories."""

import itertools
import random

from harness.linearizable import NEVER, Operation, violation


def by_trying(history: list[Operation]) -> bool:
    """Whether any order of the operations explains the history."""
    certain = [each for each in history if each.end != NEVER]
    maybe = [each for each in history if each.end == NEVER]
    for count in range(len(maybe) + 1):
        for happened in itertools.combinations(maybe, count):
            for order in itertools.permutations([*certain, *happened]):
                if is_explained(order):
                    return True
    return False


def is_explained(order: tuple[Operation, ...]) -> bool:
    value = None
    for index, each in enumerate(order):
        if any(later.end < each.begin for later in order[index + 1 :]):
            return False
        if each.is_write:
            value = each.value
        elif each.value != value:
            return False
    return True


def some_history(random: random.Random) -> list[Operation]:
    """Mostly of a register that works, with an operation moved now and then."""
    operations, value, now = [], None, 0.0
    for number in range(random.randint(1, 6)):
        now += random.random()
        begin, end = now - random.random() * 2, now + random.random() * 2
        if random.random() < 0.5:
            is_lost = random.random() < 0.25
            if not is_lost or random.random() < 0.5:
                value = f"v{number}"
            operations.append(Operation(True, f"v{number}", begin, NEVER if is_lost else end))
        else:
            read = value if random.random() < 0.75 else random.choice([None, "v0", "v1", "v2"])
            operations.append(Operation(False, read, begin, end))
    return operations


def test_zones_and_all_orders_agree():
    source = random.Random(7)
    verdicts = {True: 0, False: 0}
    for _ in range(4000):
        history = some_history(source)
        expected = by_trying(history)
        assert (violation(history) is None) == expected, history
        verdicts[expected] += 1
    assert min(verdicts.values()) > 500, verdicts


def test_a_stale_read_is_found():
    write = [Operation(True, "a", 0, 1), Operation(True, "b", 2, 3)]
    assert violation([*write, Operation(False, "b", 4, 5)]) is None
    assert violation([*write, Operation(False, "a", 2.5, 5)]) is None
    assert violation([*write, Operation(False, "a", 4, 5)])
    assert violation([*write, Operation(False, None, 4, 5)])
    assert violation([*write, Operation(False, "c", 4, 5)])


def test_a_lost_write_is_found():
    """It was acknowledged, and the one before it is read afterwards."""
    history = [Operation(True, "a", 0, 1), Operation(False, "a", 1, 2)]
    assert violation([*history, Operation(True, "b", 3, 4), Operation(False, "a", 5, 6)])
    assert (
        violation([*history, Operation(True, "b", 3, NEVER), Operation(False, "a", 5, 6)]) is None
    )
    # Once seen it has happened.
    seen = [Operation(True, "b", 3, NEVER), Operation(False, "b", 4, 5)]
    assert violation([*history, *seen, Operation(False, "a", 6, 7)])
