import Actors
import Foundation
import Persistence
import Synchronization
import TestSupport

@testable import App

/// A provider that answers as told and keeps what it was asked. After the last answer it takes
/// every message.
final class FakeProvider: ProviderCalling {
    private struct State {
        var answers: [ProviderAnswer]
        var calls: [ProviderCall] = []
        var gate: CheckedContinuation<Void, Never>?
        var isClosed = false
    }

    private let state: Mutex<State>

    init(_ answers: [ProviderAnswer] = []) { state = Mutex(State(answers: answers)) }

    func call(_ call: ProviderCall) async -> ProviderAnswer {
        let answer = state.withLock { state in
            state.calls.append(call)
            return state.answers.isEmpty
                ? ProviderAnswer.created(state.calls.count) : state.answers.removeFirst()
        }
        if state.withLock({ $0.isClosed }) {
            await withCheckedContinuation { gate in state.withLock { $0.gate = gate } }
        }
        return answer
    }

    /// From now on an answer waits until `open`.
    func close() { state.withLock { $0.isClosed = true } }

    /// Waits until somebody waits, and lets it go on.
    func open() async {
        while true {
            let gate = state.withLock { state in
                defer { state.gate = nil }
                return state.gate
            }
            if let gate {
                state.withLock { $0.isClosed = false }
                return gate.resume()
            }
            await Task.yield()
        }
    }

    var calls: [ProviderCall] { state.withLock { $0.calls } }

    /// The fields of each form that was sent.
    var forms: [[String: String]] {
        calls.map { call in
            let pairs = PercentEncoding.pairs(
                query: String(decoding: call.body, as: UTF8.self)[...])
            return Dictionary((pairs ?? []).map { ($0.name, $0.value) }) { first, _ in first }
        }
    }
}

extension ProviderAnswer {
    static func messageID(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "SM" + String(repeating: "0", count: 32 - digits.count) + digits
    }

    static func created(_ number: Int, status: String = "queued") -> ProviderAnswer {
        answer(
            .ok, 201, row: UInt64(number),
            body: "{\"sid\":\"\(messageID(number))\",\"status\":\"\(status)\",\"price\":null}")
    }

    /// Twilio's refusal, as the catalogue classifies it.
    static func refused(
        _ code: Int, _ errorCode: String, status: Int = 400, retryAfter: Int? = nil
    ) -> ProviderAnswer {
        answer(
            .error, status, errorCode: errorCode, providerCode: String(code),
            retryAfter: retryAfter, body: "{\"code\":\(code),\"message\":\"To +14155550100\"}")
    }

    static func answer(
        _ status: UsageStatus, _ httpStatus: Int?, row: UInt64? = 9, errorCode: String? = nil,
        providerCode: String? = nil, retryAfter: Int? = nil, body: String = ""
    ) -> ProviderAnswer {
        ProviderAnswer(
            row: row, status: status, httpStatus: httpStatus, errorCode: errorCode,
            providerCode: providerCode,
            providerMessage: providerCode.map { _ in "The number +14155550100 is refused" },
            suggestedFix: providerCode.map { _ in "The catalogue's fix." },
            retryAfterSeconds: retryAfter, body: Array(body.utf8), trace: TraceID(high: 1, low: 2))
    }
}

/// A clock that stands until it is set.
final class SettableClock: WallClock {
    private let time = Mutex(Timestamp(seconds: 1_800_000_000))
    func now() -> Timestamp { time.withLock { $0 } }
    func advance(seconds: Int64) { time.withLock { $0 = $0.advanced(bySeconds: seconds) } }
}
