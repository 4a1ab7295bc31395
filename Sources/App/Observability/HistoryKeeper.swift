import Actors
import ServiceLifecycle

/// Looks at the request counters at the start of each minute.
struct HistoryKeeper: Service {
    let history: RequestHistory
    let clock: any WallClock

    private static let minuteMilliseconds: Int64 = 60_000

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let passed = clock.now().milliseconds % Self.minuteMilliseconds
            try? await cancelWhenGracefulShutdown {
                try await Task.sleep(for: .milliseconds(Self.minuteMilliseconds - passed))
            }
            history.sample(at: clock.now())
        }
    }
}
