import Actors
import Crypto
import Foundation

/// Twilio's signature of its requests to us, as its own libraries compute it (twilio-python 9.13,
/// `request_validator.py`): an HMAC over the URL that Twilio called and, for forms, over all names
/// and values. The URL is the one that the operator has set; `Host` can be written by anybody.
struct TwilioSignature: Sendable {
    enum Algorithm: Sendable {
        case sha1
        case sha256

        /// From `X-Twilio-Webhooks-Signature-Settings: key=…,algorithm=HMAC_SHA256`. Without one it
        /// is SHA-1; nil is an algorithm that we don't know.
        init?(settings: String?) {
            self = .sha1
            for part in (settings ?? "").split(separator: ",") {
                let pair = part.split(separator: "=", maxSplits: 1).map(Self.trimmed)
                guard pair.count == 2, pair[0] == "algorithm", !pair[1].isEmpty else { continue }
                switch pair[1].uppercased() {
                case "HMAC_SHA1": return
                case "HMAC_SHA256":
                    self = .sha256
                    return
                default: return nil
                }
            }
        }

        private static func trimmed(_ text: Substring) -> String {
            String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    let authToken: Redacted<String>
    /// What a shared key for webhooks signs with. Accounts without one sign with the auth token.
    let sharedKey: Redacted<String>?

    /// What is signed beside the URL.
    enum Content: Sendable {
        case form([(name: String, value: String)])
        /// Its SHA-256 is in the URL, as `bodySHA256`.
        case body([UInt8])
    }

    /// - Parameters:
    ///   - base: scheme, host and perhaps port, as the outside calls us.
    ///   - signature: `X-Twilio-Signature`.
    ///   - settings: `X-Twilio-Webhooks-Signature-Settings`.
    func isValid(
        _ signature: String, settings: String?, base: String, path: String, query: String,
        _ content: Content
    ) -> Bool {
        guard let algorithm = Algorithm(settings: settings) else { return false }
        let suffix: [UInt8]
        switch content {
        case .form(let pairs):
            suffix = Self.joined(pairs)
        case .body(let body):
            guard Self.isHash(of: body, in: query) else { return false }
            suffix = []
        }
        let rest = path + (query.isEmpty ? "" : "?" + query)
        // Twilio is of two minds about the port, so both forms are right.
        var isValid = false
        for base in Self.withAndWithoutPort(base) {
            let signed = Array((base + rest).utf8) + suffix
            for key in keys(algorithm) {
                // All are computed whatever the first said: how long it takes tells nothing.
                let expected = Self.signature(of: signed, key: key, algorithm)
                if constantTimeEquals(Array(expected.utf8), Array(signature.utf8)) {
                    isValid = true
                }
            }
        }
        return isValid
    }

    private func keys(_ algorithm: Algorithm) -> [String] {
        let keys: [String] =
            switch algorithm {
            case .sha1: [authToken.value]
            case .sha256: [authToken.value, sharedKey?.value ?? ""]
            }
        // An empty key is one that everybody knows.
        return keys.filter { !$0.isEmpty }
    }

    private static func signature(
        of bytes: [UInt8], key: String, _ algorithm: Algorithm
    ) -> String {
        let key = SymmetricKey(data: Array(key.utf8))
        let code: Data =
            switch algorithm {
            case .sha1: Data(HMAC<Insecure.SHA1>.authenticationCode(for: bytes, using: key))
            case .sha256: Data(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
            }
        return code.base64EncodedString()
    }

    /// For each name, in the order of code points, each of its values once, in the same order.
    /// Bytes are compared and not characters: Swift takes `é` for `e` and an accent.
    private static func joined(_ pairs: [(name: String, value: String)]) -> [UInt8] {
        var sorted = pairs.map { (name: Array($0.name.utf8), value: Array($0.value.utf8)) }
        sorted.sort { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value)
                : left.name.lexicographicallyPrecedes(right.name)
        }
        var bytes: [UInt8] = []
        for (index, pair) in sorted.enumerated() {
            if index > 0, sorted[index - 1] == pair { continue }
            bytes += pair.name
            bytes += pair.value
        }
        return bytes
    }

    private static func isHash(of body: [UInt8], in query: String) -> Bool {
        let claimed = PercentEncoding.pairs(query: query[...])?
            .first { $0.name == "bodySHA256" }?.value
        guard let claimed else { return false }
        return constantTimeEquals(
            Array(Hex.encode(SHA256.hash(data: body)).utf8), Array(claimed.utf8))
    }

    private static func withAndWithoutPort(_ base: String) -> [String] {
        let hasPort = base.wholeMatch(of: /https?:\/\/(\[[^\]]*\]|[^:\/]*):[0-9]+/) != nil
        if hasPort, let colon = base.lastIndex(of: ":") { return [base, String(base[..<colon])] }
        return [base, base + (base.hasPrefix("https:") ? ":443" : ":80")]
    }
}
