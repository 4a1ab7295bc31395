import Actors
import Foundation
import Persistence

@testable import Actors
@testable import App

/// What strangers send.
enum FuzzRequests {
    static func cookie(_ bytes: [UInt8]) {
        _ = SessionCookie.secret(inHeader: String(decoding: bytes, as: UTF8.self))
        // The same among others, as browsers send them.
        let among = "a=b; \(SessionCookie.name)=\(String(decoding: bytes, as: UTF8.self)); c=d"
        _ = SessionCookie.secret(inHeader: among)
    }

    static func secret(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        for kind in SecretKind.allCases {
            guard let secret = BearerSecret(kind, presented: text) else { continue }
            require(secret.text.value == text, "a secret is written in one way only")
        }
    }

    private static let parser = UsageReportParser(
        integrations: [IntegrationID("openai"), IntegrationID("twilio")],
        now: Timestamp(milliseconds: 1_700_000_000_000), trace: TraceID(high: 1, low: 2))

    static func reports(_ bytes: [UInt8]) {
        if let parsed = try? parser.parse(array: bytes) { check(parsed) }
        check(parser.parse(lines: bytes))
    }

    private static func check(_ parsed: UsageReportParser.Parsed) {
        require(parsed.reports.count == parsed.positions.count, "each report has its place")
        let places = parsed.positions + parsed.rejections.map(\.index)
        require(
            places.sorted() == Array(0..<places.count), "each item is accepted or rejected, once")
        for report in parsed.reports {
            let record = UsageRecord(
                facts: report.facts, report: nil, arrivedAt: parser.now)
            var writer = ByteWriter()
            record.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            let again = try? UsageRecord(
                kind: record.kind, version: record.version, from: &reader)
            require(again == record && reader.isAtEnd, "what is accepted can be written and read")
        }
    }

    static func query(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let pairs = PercentEncoding.pairs(query: text[...]) else { return }
        require(pairs.count <= text.utf8.count, "no more pairs than bytes")
        let encoded = pairs.map { "\(encode($0.name))=\(encode($0.value))" }
        let again = PercentEncoding.pairs(query: encoded.joined(separator: "&")[...])
        require(
            again?.map(\.name) == pairs.map(\.name) && again?.map(\.value) == pairs.map(\.value),
            "what was decoded can be encoded and decoded again")
    }

    private static func encode(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func email(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = PhoneNumber(text)
        _ = SourceAddress(text)
        let url = OTPAuthURL(issuer: text, account: text, secret: Redacted(bytes)).text.value
        require(url.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "a URL is visible ASCII")
        let parts = URLComponents(string: url)
        require(parts?.host == "totp", "other parsers find the type")
        require(parts?.path == "/\(label(text)):\(label(text))", "and the label")
        require(
            parts?.queryItems?.map(\.name) == [
                "secret", "issuer", "algorithm", "digits", "period",
            ],
            "and nothing but the parameters")
        guard let email = try? EmailAddress(text) else { return }
        let again = try? EmailAddress(email.normalised)
        require(again == email, "an address that was read reads as itself")
    }

    private static func label(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0 != ":" })
    }

    static func timestamp(_ bytes: [UInt8]) {
        guard let moment = Timestamp(rfc3339: bytes) else { return }
        // What is written has milliseconds and UTC and four digits for the year.
        guard (-62_167_219_200_000...253_402_300_799_999).contains(moment.milliseconds) else {
            return
        }
        require(Timestamp(rfc3339: moment.rfc3339Bytes) == moment, "a moment reads as itself")
    }
}
