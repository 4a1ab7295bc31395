/// A telephone number in the international form of ITU-T E.164: `+`, then 8 to 15 digits of which
/// the first is not 0. Nothing else is understood: no spaces, no national prefixes, no guessing.
package struct PhoneNumber: Hashable, Sendable {
    package let e164: String

    package init?(_ text: String) {
        let digits = text.utf8.dropFirst()
        guard text.utf8.first == UInt8(ascii: "+"),
            PhoneNumber.digitCounts.contains(digits.count), digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        e164 = text
    }

    /// 15 is the maximum of E.164 §6.1; under 8 no country has a subscriber's number with its code.
    private static let digitCounts = 8...15
    private static let shownDigits = 2

    /// The number for logs and for people who need to recognise it: only the last two digits show.
    package var masked: String {
        "+" + String(repeating: "*", count: e164.utf8.count - 1 - PhoneNumber.shownDigits)
            + e164.suffix(PhoneNumber.shownDigits)
    }
}

extension PhoneNumber: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Masked, so that an interpolated number is never in a log by accident.
    package var description: String { masked }
    package var debugDescription: String { masked }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
