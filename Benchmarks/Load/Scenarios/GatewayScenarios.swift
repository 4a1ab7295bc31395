import LoadCore
import NIOCore

/// Calls through the gateway, each of which leaves a durable event.
struct GatewayScenario: Scenario {
    let name = "gateway"
    let text: RequestText
    let token: String
    /// `{integration}/{path}`.
    let call: CallPath
    let marker: String?

    func script(worker: Int, of workers: Int) -> any Script {
        RepeatedScript(
            [text.get(call.path, bearer: token)],
            Expectation(BodyInterest(marker: marker.map { Marker($0) })))
    }
}

/// Answers that come as server-sent events: their latency is the time to completion.
struct StreamScenario: Scenario {
    let name = "streams"
    let parts = ["first_byte", "event_gap"]
    let text: RequestText
    let token: String
    let call: CallPath

    func script(worker: Int, of workers: Int) -> any Script {
        let body =
            "{\"model\":\"load\",\"stream\":true,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"Count.\"}]}"
        return RepeatedScript(
            [text.post(call.path, bearer: token, body: body)],
            Expectation(
                BodyInterest(marker: Marker("data: [DONE]"), countsEvents: true),
                part: .stream(firstByte: 0, gap: 1)))
    }
}

/// What is called through the gateway.
struct CallPath {
    let integration: String
    let rest: String

    init(integration: String, rest: String) {
        self.integration = integration
        self.rest = rest
    }

    /// - Parameter text: such as `openai/v1/models`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        integration = String(parts[0])
        rest = String(parts[1])
    }

    var path: String { "/api/integrations/\(integration)/call/\(rest)" }
    var scope: String { "call:\(integration)" }

    static let models = "openai/v1/models"
    static let completions = "openai/v1/chat/completions"
}
