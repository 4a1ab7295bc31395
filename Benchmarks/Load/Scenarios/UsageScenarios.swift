import LoadCore
import NIOCore
import Synchronization

/// Usage events that are durable before the answer: one a request, or a batch.
struct UsageScenario: Scenario {
    let name: String
    let text: RequestText
    let token: String
    let eventsPerRequest: Int
    let isLines: Bool
    /// Part of the events' keys, so that runs against one server don't repeat each other's.
    let run: String

    func script(worker: Int, of workers: Int) -> any Script {
        let number = Self.scripts.add(1, ordering: .relaxed).newValue
        return UsageScript(scenario: self, number: number)
    }

    /// Numbers scripts: the steps of a ramp must not repeat each other's events either.
    private static let scripts = Atomic<Int>(0)

    /// Digits of an event's number: 10^12 events are more than any run has.
    static let digits = 12

    func body(script: Int) -> String {
        let event =
            "{\"source\":\"load-\(run)-\(script)\",\"id\":\""
            + String(repeating: "0", count: Self.digits)
            + "\",\"integration\":\"openai\",\"operation\":\"POST /v1/chat/completions\","
            + "\"status\":\"ok\",\"latency_ms\":812}"
        let events = Array(repeating: event, count: eventsPerRequest)
        return isLines
            ? events.joined(separator: "\n") + "\n" : "[" + events.joined(separator: ",") + "]"
    }
}

/// Copies one request and writes new numbers into the copy: cheaper than making it anew.
private final class UsageScript: Script {
    private let template: ByteBuffer
    /// Where the numbers are.
    private let places: [Int]
    private let expectation: Expectation
    private var event = 0

    init(scenario: UsageScenario, number: Int) {
        let request = scenario.text.post(
            "/api/usage/events", bearer: scenario.token,
            contentType: scenario.isLines ? RequestText.lines : RequestText.json,
            body: scenario.body(script: number))
        template = request
        let sign = Array("\"id\":\"".utf8)
        let bytes = Array(request.readableBytesView)
        places = bytes.indices.dropLast(sign.count).filter {
            bytes[$0] == sign[0] && bytes[$0..<$0 + sign.count].elementsEqual(sign)
        }.map { $0 + sign.count }
        expectation = Expectation(
            BodyInterest(marker: Marker("\"accepted\":\(scenario.eventsPerRequest),")))
    }

    func begin(_ visit: inout Visit) -> Exchange? {
        var request = template
        let start = request.readerIndex
        for place in places {
            event += 1
            var rest = event
            var digits: UInt64 = 0
            // Eight digits at a time are one write; the four before them change every 10^8 events.
            for shift in 0..<8 {
                digits |= UInt64(UInt8(ascii: "0") + UInt8(rest % 10)) << (8 * UInt64(shift))
                rest /= 10
            }
            request.setInteger(digits, at: start + place + UsageScenario.digits - 8)
            var high: UInt32 = 0
            for shift in 0..<4 {
                high |= UInt32(UInt8(ascii: "0") + UInt8(rest % 10)) << (8 * UInt32(shift))
                rest /= 10
            }
            request.setInteger(high, at: start + place)
        }
        return Exchange(request: request, expectation: expectation)
    }
}
