import LoadCore
import NIOCore

/// Session checks with a bearer: the call that an application makes with each of its own requests.
struct SessionScenario: Scenario {
    let name = "session"
    let text: RequestText
    /// One bearer for each account; connections take turns.
    let bearers: [String]

    func script(worker: Int, of workers: Int) -> any Script {
        RepeatedScript(
            bearers.map { text.get("/api/auth/session", bearer: $0) },
            Expectation(BodyInterest(marker: Marker("\"user\":{"))))
    }
}

/// Sends requests that never change, in turn.
final class RepeatedScript: Script {
    private let exchanges: [Exchange]
    private var next = 0

    init(_ requests: [ByteBuffer], _ expectation: Expectation) {
        exchanges = requests.map { Exchange(request: $0, expectation: expectation) }
    }

    func begin(_ visit: inout Visit) -> Exchange? {
        let exchange = exchanges[next]
        next = next + 1 == exchanges.count ? 0 : next + 1
        return exchange
    }
}
