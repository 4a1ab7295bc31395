/// Keeps spare segments ready until the log closes.
///
/// `run` is the thread; what it does in each turn is `makeOne`, which a simulation calls as well.
struct SpareKeeper {
    private let maker: SegmentMaker
    private let state: Monitor<LogState, LogTopic>
    /// Of the next spare.
    private var number = 0

    /// How often a full disk is asked again.
    private static let retryMilliseconds = 1000

    init(_ maker: SegmentMaker, _ state: Monitor<LogState, LogTopic>) {
        self.maker = maker
        self.state = state
    }

    mutating func run() {
        while state.wait(for: .spare, until: { $0.makerOrder }) == .make {
            if makeOne() { continue }
            // Asked again in a while, or at once when the log closes.
            _ = state.wait(for: .spare, milliseconds: Self.retryMilliseconds) { state in
                state.makerOrder == .stop ? true : nil
            }
        }
    }

    /// False when the disk has no room, or failed: nobody has been promised anything so far.
    mutating func makeOne() -> Bool {
        do throws(StorageError) {
            let spare = try maker.make(number: number)
            number += 1
            state.withLock { $0.made(spare) }
            return true
        } catch {
            maker.discard(number: number)
            state.withLock { $0.couldNotMakeSpare() }
            return false
        }
    }
}
