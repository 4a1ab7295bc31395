import Actors

/// Sends one text message through Twilio and finds out what came of it.
///
/// Twilio knows no idempotency keys, so a request whose end nobody has seen is never repeated. What
/// Twilio says that it has not looked at, it gets again.
struct TwilioSender: Sendable {
    let calls: any ProviderCalling
    /// The number that messages come from.
    let from: String
    /// Where Twilio tells us how far a message has come; nil asks for no reports.
    let callbackURL: String?
    let clock: any WallClock
    let random: any RandomSource
    /// Waits between two tries; a test does not.
    var pause: @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }

    /// What Twilio takes (error 21617), in characters.
    static let bodyCharactersMax = 1600
    static let operation = "POST /2010-04-01/Accounts/{sid}/Messages.json"
    /// The gateway puts our own account in the place of `me`.
    private static let target = "/2010-04-01/Accounts/me/Messages.json"

    /// A request that Twilio refused for there being too many was never processed (20429).
    private static let retriesMax = 3
    /// A caller waits for the answer, so no wait is longer, whatever Retry-After says.
    private static let retryMillisecondsMax = 2000
    /// Before the first retry when there is no Retry-After; each further one waits twice as long.
    private static let retryMilliseconds = 250

    /// - Returns: what happened, and whether Twilio could not make use of the callback's URL.
    func send(
        to number: PhoneNumber, body: String, trace: TraceID
    ) async -> (answer: SMSAnswer, refusedCallback: Bool) {
        var callback = callbackURL
        var retries = 0
        while true {
            let answer = await calls.call(
                request(to: number, body: body, callback: callback, trace: trace))
            if answer.isTooMany, retries < Self.retriesMax {
                await pause(.milliseconds(wait(answer.retryAfterSeconds, after: retries)))
                retries += 1
            } else if answer.refusesCallback, callback != nil {
                callback = nil
            } else {
                return (
                    SMSAnswer(answer, at: clock.now()),
                    refusedCallback: callbackURL != nil && callback == nil
                )
            }
        }
    }

    private func request(
        to number: PhoneNumber, body: String, callback: String?, trace: TraceID
    ) -> ProviderCall {
        var form = [("To", number.e164), ("From", from), ("Body", body)]
        if let callback { form.append(("StatusCallback", callback)) }
        return ProviderCall(
            integration: TwilioAccount.integration, method: "POST", target: Self.target,
            operation: Self.operation, contentType: "application/x-www-form-urlencoded",
            body: FormEncoding.encode(form), trace: trace)
    }

    /// Up to a quarter longer than asked for, so that callers who were refused together do not come
    /// back together.
    private func wait(_ retryAfterSeconds: Int?, after retries: Int) -> Int {
        var milliseconds = Self.retryMilliseconds << retries
        if let retryAfterSeconds, retryAfterSeconds > 0 {
            milliseconds = min(retryAfterSeconds, Self.retryMillisecondsMax / 1000) * 1000
        }
        let noise = random.bytes(2).reduce(0) { $0 << 8 | Int($1) }
        return milliseconds + milliseconds * noise / (4 << 16)
    }
}

extension ProviderAnswer {
    fileprivate var isTooMany: Bool { httpStatus == 429 || providerCode == "20429" }

    /// The URL is not one that Twilio can reach: the whole message is refused for it.
    fileprivate var refusesCallback: Bool { providerCode == "21609" }
}

/// `application/x-www-form-urlencoded` as HTML forms write it.
enum FormEncoding {
    static func encode(_ pairs: [(name: String, value: String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in pairs {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
            encode(name, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            encode(value, to: &bytes)
        }
        return bytes
    }

    private static func encode(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "*"):
                bytes.append(byte)
            case UInt8(ascii: " "):
                bytes.append(UInt8(ascii: "+"))
            case let byte:
                bytes.append(UInt8(ascii: "%"))
                bytes += Hex.encode(CollectionOfOne(byte)).uppercased().utf8
            }
        }
    }
}
