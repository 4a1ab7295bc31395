import Glibc

/// How soon one commit may follow another. Under load a short wait makes the next batch larger, and
/// leaves to those who produce it the processor time that another sync would cost; when little
/// happens there is no wait at all.
struct CommitPace {
    private var began: UInt64 = 0
    private var spacing: UInt64 = 0

    /// From the start of one commit to the start of the next, by how many appends are in the first:
    /// many mean load, since all of their callers wait for the same sync. docs/decisions/0004 has
    /// the figures.
    static func spacingNanoseconds(appendCount: Int) -> UInt64 {
        switch appendCount {
        case ..<8: 0
        case ..<24: 500_000
        default: 1_000_000
        }
    }

    /// A batch is about to be written.
    mutating func began(appendCount: Int) {
        spacing = Self.spacingNanoseconds(appendCount: appendCount)
        if spacing > 0 { began = Self.now() }
    }

    /// Sleeps for what is left of the spacing, on the writer's own thread.
    func wait() {
        guard spacing > 0 else { return }
        let passed = Self.now() - began
        guard passed < spacing else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(spacing - passed))
        // Safe: `time` lives for the call. A sleep that a signal ends early is long enough.
        unsafe nanosleep(&time, nil)
    }

    private static func now() -> UInt64 {
        var time = timespec()
        // Safe: `time` lives for the call.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
