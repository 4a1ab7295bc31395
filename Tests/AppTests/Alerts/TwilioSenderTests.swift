import Actors
import Synchronization
import TestSupport
import Testing

@testable import App

/// One message on its way: what is sent, what is sent again, and what never is.
@Suite struct TwilioSenderTests {
    private static let url = "https://id.example.com/api/webhooks/twilio/status"
    private static let number = PhoneNumber("+14155550100")

    private struct Outcome {
        let answer: SMSAnswer
        let refusedCallback: Bool
        let provider: FakeProvider
        let pauses: [Duration]
    }

    private func send(
        _ answers: [ProviderAnswer], callback: String? = url, body: String = "Disk full: 97 %"
    ) async throws -> Outcome {
        let provider = FakeProvider(answers)
        let pauses = Pauses()
        let sender = TwilioSender(
            calls: provider, from: "+15005550006", callbackURL: callback, clock: SettableClock(),
            random: SeededRandom(seed: 1), pause: { pauses.add($0) })
        let number = try #require(Self.number)
        let (answer, refusedCallback) = await sender.send(
            to: number, body: body, trace: TraceID(high: 1, low: 2))
        return Outcome(
            answer: answer, refusedCallback: refusedCallback, provider: provider,
            pauses: pauses.all)
    }

    private final class Pauses: Sendable {
        private let list = Mutex<[Duration]>([])
        func add(_ duration: Duration) { list.withLock { $0.append(duration) } }
        var all: [Duration] { list.withLock { $0 } }
    }

    // MARK: What is sent

    @Test("the request is Twilio's form, with a status callback where there is one")
    func request() async throws {
        let text = "Grüße & 100 %+1\n=😀"
        let outcome = try await send([], body: text)
        let call = try #require(outcome.provider.calls.first)
        #expect(call.integration.text == "twilio" && call.method == "POST")
        #expect(call.target == "/2010-04-01/Accounts/me/Messages.json")
        #expect(call.operation == "POST /2010-04-01/Accounts/{sid}/Messages.json")
        #expect(call.contentType == "application/x-www-form-urlencoded")
        #expect(call.trace == TraceID(high: 1, low: 2))
        let form = [
            "To": "+14155550100", "From": "+15005550006", "Body": text, "StatusCallback": Self.url,
        ]
        #expect(outcome.provider.forms == [form])
        let quiet = try await send([], callback: nil)
        #expect(quiet.provider.forms.first?["StatusCallback"] == nil)
        #expect(!quiet.refusedCallback)
    }

    @Test(
        "a message that was taken has Twilio's name and status",
        arguments: [("queued", SMSStatus.queued), ("accepted", .accepted), ("novel", .queued)])
    func taken(text: String, status: SMSStatus) async throws {
        let answer = try await send([.created(7, status: text)]).answer
        #expect(answer.status == status && answer.failure == nil && answer.effect == .none)
        #expect(answer.providerMessageID == ProviderAnswer.messageID(7) && answer.row == 7)
    }

    @Test("an answer that broke off after the name is one; without the name it is ambiguous")
    func brokenOff() async throws {
        let id = ProviderAnswer.messageID(3)
        let cut = try await send([
            .answer(.abortedUpstream, 201, body: "{\"sid\":\"\(id)\",\"status\":\"que")
        ])
        #expect(cut.answer.providerMessageID == id && cut.answer.failure == nil)
        for body in ["", "{", "[]", "{\"sid\":5}", "{\"sid\":\"SM12\"}", "<html>"] {
            let answer = try await send([.answer(.ok, 201, body: body)]).answer
            #expect(answer.status == .ambiguous, "\(body)")
        }
    }

    @Test("a message that failed at once is a failure with a name")
    func failedAtOnce() async throws {
        let answer = try await send([.created(1, status: "failed")]).answer
        #expect(answer.status == .failed && answer.failure?.errorCode == "provider_rejected")
        #expect(answer.providerMessageID == ProviderAnswer.messageID(1))
    }

    // MARK: What is sent again

    @Test("too many requests are tried again three times, after no more than a caller can wait")
    func tooMany() async throws {
        let refusal = ProviderAnswer.refused(20429, "rate_limited", status: 429, retryAfter: 30)
        let lucky = try await send([refusal, refusal, refusal])
        #expect(lucky.answer.status == .queued && lucky.provider.calls.count == 4)
        #expect(lucky.pauses.count == 3)
        for pause in lucky.pauses { #expect(pause >= .seconds(2) && pause <= .milliseconds(2500)) }
        let unlucky = try await send(Array(repeating: refusal, count: 9))
        #expect(unlucky.provider.calls.count == 4)
        #expect(unlucky.answer.failure?.errorCode == "rate_limited")
        #expect(unlucky.answer.failure?.retryAfterSeconds == 30)
        #expect(unlucky.answer.effect == .keyIsFree)
    }

    @Test("without Retry-After each wait is longer than the one before")
    func backoff() async throws {
        let refusal = ProviderAnswer.refused(20429, "rate_limited", status: 429)
        let pauses = try await send(Array(repeating: refusal, count: 9)).pauses
        for (pause, milliseconds) in zip(pauses, [250, 500, 1000]) {
            let most = milliseconds + milliseconds / 4
            #expect(pause >= .milliseconds(milliseconds) && pause <= .milliseconds(most))
        }
    }

    @Test("a callback that Twilio can't reach is left out, once")
    func callback() async throws {
        let refusal = ProviderAnswer.refused(21609, "provider_rejected")
        let outcome = try await send([refusal])
        #expect(outcome.answer.status == .queued && outcome.refusedCallback)
        #expect(outcome.provider.forms.map { $0["StatusCallback"] } == [Self.url, nil])
        let twice = try await send([refusal, refusal])
        #expect(twice.provider.calls.count == 2)
        #expect(twice.answer.failure?.errorCode == "provider_rejected")
        let none = try await send([refusal], callback: nil)
        #expect(none.provider.calls.count == 1 && !none.refusedCallback)
    }

    // MARK: What is never sent again

    @Test(
        "what may have been sent is ambiguous and asked for once only",
        arguments: [
            (UsageStatus.error, 500), (.error, 502), (.ambiguous, 503), (.timeout, nil),
            (.abortedUpstream, nil), (.ambiguous, nil), (.error, nil), (.error, 408),
        ] as [(UsageStatus, Int?)])
    func ambiguous(status: UsageStatus, httpStatus: Int?) async throws {
        let outcome = try await send([
            .answer(status, httpStatus, errorCode: "provider_down", retryAfter: 1)
        ])
        #expect(outcome.provider.calls.count == 1 && outcome.pauses.isEmpty)
        #expect(outcome.answer.status == .ambiguous)
        #expect(outcome.answer.failure?.errorCode == "ambiguous")
        #expect(outcome.answer.effect == .none && outcome.answer.row == 9)
    }

    @Test(
        "what never left is no secret, and may be asked for again",
        arguments: [
            (UsageStatus.error, UsageErrorCode.unreachable, "upstream_unreachable"),
            (.refused, "overloaded", "overloaded"), (.refused, "storage_full", "storage_full"),
            (.refused, "novel", "not_ready"),
        ])
    func neverSent(status: UsageStatus, code: String, told: String) async throws {
        let outcome = try await send([.answer(status, nil, errorCode: code)])
        #expect(outcome.provider.calls.count == 1)
        #expect(outcome.answer.failure?.errorCode == told)
        #expect(outcome.answer.status == .failed && outcome.answer.effect == .keyIsFree)
    }

    @Test(
        "a refusal has the catalogue's code and fix, Twilio's number, and no phone number",
        arguments: [
            (21211, 400, "bad_recipient", "bad_recipient"),
            (21606, 400, "bad_sender", "bad_sender"),
            (21408, 400, "geo_permission", "geo_permission"),
            (20003, 401, "auth_failed", "auth_failed"),
            (20404, 404, "not_found", "provider_rejected"),
            (60200, 400, "novel", "provider_rejected"),
        ])
    func refusal(code: Int, status: Int, errorCode: String, told: String) async throws {
        let outcome = try await send([.refused(code, errorCode, status: status)])
        let failure = try #require(outcome.answer.failure)
        #expect(outcome.provider.calls.count == 1)
        #expect(failure.errorCode == told && failure.suggestedFix == "The catalogue's fix.")
        #expect(failure.message.contains("\(code)") && !failure.message.contains("4155550100"))
        #expect(outcome.answer.status == .failed && outcome.answer.effect == .none)
    }

    @Test("a recipient that has opted out is remembered")
    func optedOut() async throws {
        let answer = try await send([.refused(21610, "opted_out")]).answer
        #expect(answer.effect == .optedOut && answer.failure?.errorCode == "opted_out")
    }
}
