/// A message as Twilio answers it: the two members that we need.
struct TwilioMessage {
    private(set) var sid: String?
    private(set) var status: String?

    /// Reads as far as it can: an answer that broke off may have said enough.
    init(_ bytes: [UInt8]) {
        var scanner = JSONScanner(bytes)
        var sid: String?
        var status: String?
        // Whatever is wrong with the rest, what was read before it stands.
        try? scanner.object { scanner, name throws(JSONFault) in
            guard case .string(let text) = try scanner.value() else { return }
            if name == "sid" { sid = text }
            if name == "status" { status = text }
        }
        self.sid = sid.flatMap { TwilioMessageID.isValid($0) ? $0 : nil }
        self.status = status
    }
}

enum TwilioMessageID {
    /// `SM` or, with pictures, `MM`, and 32 hexadecimal digits.
    static func isValid(_ text: String) -> Bool {
        text.utf8.count == 34 && (text.hasPrefix("SM") || text.hasPrefix("MM"))
            && text.utf8.dropFirst(2).allSatisfy {
                (48...57).contains($0) || (97...102).contains($0) || (65...70).contains($0)
            }
    }
}
