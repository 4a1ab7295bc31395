import Dispatch
import Glibc
import Synchronization

/// Ctrl-C and SIGTERM end a run early and in order: what was measured so far is still told. The
/// second one ends the program at once.
final class Interrupt: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    /// Watches the signals for as long as the program runs.
    static func watch() -> Interrupt {
        let interrupt = Interrupt()
        for number in [SIGINT, SIGTERM] {
            // The source only hears of signals that do not end the program by themselves.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if interrupt.flag.exchange(true, ordering: .relaxed) { exit(128 + number) }
                // Holding the source here keeps it alive.
                _ = source
            }
            source.resume()
        }
        return interrupt
    }
}
