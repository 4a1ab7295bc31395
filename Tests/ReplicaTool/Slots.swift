import Synchronization

/// Numbers that are handed out one by one.
final class Slots: Sendable {
    private let rest: Mutex<[Int]>

    init(_ numbers: some Sequence<Int>) { rest = Mutex(numbers.reversed()) }

    func next() -> Int? { rest.withLock { $0.popLast() } }
}
