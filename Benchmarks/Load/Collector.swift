import LoadCore
import Synchronization

/// Where workers leave what each second brought, and learn that somebody wants the run to end.
final class Collector: Sendable {
    private let seconds = Mutex<[Int: Entry]>([:])
    private let stop = Atomic<Bool>(false)
    private let done = Atomic<Int>(0)
    private let workers: Int

    private struct Entry {
        var slice: Slice
        var parts = 1
    }

    init(workers: Int) { self.workers = workers }

    var isStopWished: Bool { stop.load(ordering: .relaxed) }
    func wishStop() { stop.store(true, ordering: .relaxed) }

    /// A worker begins nothing more: the measured time is over for it.
    func workerIsDone() { done.add(1, ordering: .relaxed) }
    var areAllDone: Bool { done.load(ordering: .relaxed) >= workers }

    func deliver(_ slice: Slice) {
        seconds.withLock { seconds in
            if seconds[slice.second] == nil {
                seconds[slice.second] = Entry(slice: slice)
            } else {
                seconds[slice.second]?.slice.add(slice)
                seconds[slice.second]?.parts += 1
            }
        }
    }

    /// The newest second that all workers have told of.
    var newest: SecondResult? {
        seconds.withLock { seconds in
            seconds.values.filter { $0.parts == workers }.max { $0.slice.second < $1.slice.second }
                .map { Self.result($0.slice) }
        }
    }

    var series: [SecondResult] {
        seconds.withLock { seconds in
            seconds.keys.sorted().compactMap { seconds[$0].map { Self.result($0.slice) } }
        }
    }

    private static func result(_ slice: Slice) -> SecondResult {
        SecondResult(
            second: slice.second, ok: slice.ok, failed: slice.failed, latency: slice.latency)
    }
}
