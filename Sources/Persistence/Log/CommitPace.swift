import Glibc

/// How soon one commit may follow another. Under load a short wait makes the next batch larger, and
/// leaves to those who produce it the processor time that another sync would cost; when little
/// happens there is no wait at all.
struct CommitPace {
    private var began: UInt64 = 0
    private var isBusy = false

    /// So many appends in one batch mean load: many callers wait for the same sync.
    static let busyAppends = 8
    /// From the start of one commit to the start of the next. docs/decisions/0004 has the figures.
    static let spacingNanoseconds: UInt64 = 500_000

    /// A batch is about to be written.
    mutating func began(appendCount: Int) {
        isBusy = appendCount >= Self.busyAppends
        if isBusy { began = Self.now() }
    }

    /// Sleeps for what is left of the spacing, on the writer's own thread.
    func wait() {
        guard isBusy else { return }
        let passed = Self.now() - began
        guard passed < Self.spacingNanoseconds else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(Self.spacingNanoseconds - passed))
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
