import FoundationEssentials

/// The client's `CONNECT`: what it can and who it is.
struct Greeting: Encodable {
    let verbose = false
    let pedantic = false
    let lang = "swift"
    let version = "1"
    let `protocol` = 1
    let headers = true
    let noResponders = true
    /// Nothing that this client publishes comes back to it.
    let echo = false
    let name: String
    let tlsRequired: Bool
    var user: String?
    var pass: String?
    var authToken: String?
    var nkey: String?
    var jwt: String?
    var sig: String?

    private enum CodingKeys: String, CodingKey {
        case verbose, pedantic, lang, version, `protocol`, headers, echo, name
        case user, pass, nkey, jwt, sig
        case noResponders = "no_responders"
        case tlsRequired = "tls_required"
        case authToken = "auth_token"
    }

    init(
        name: String, credentials: Credentials, info: ServerInfo, isSecured: Bool
    ) throws(CredentialsError) {
        self.name = name
        tlsRequired = isSecured
        switch credentials {
        case .none: break
        case .user(let name, let password):
            user = name
            pass = password
        case .token(let token): authToken = token
        case .key(let key):
            nkey = key.publicKey
            sig = try Self.signature(key, info)
        case .jwt(let token, let key):
            jwt = token
            sig = try Self.signature(key, info)
        }
    }

    private static func signature(
        _ key: NKey, _ info: ServerInfo
    ) throws(CredentialsError) -> String {
        guard let nonce = info.nonce, !nonce.isEmpty else { throw .noNonce }
        return base64URL(try key.signature(of: nonce))
    }

    /// RFC 4648's base 64 for URLs, without padding.
    static func base64URL(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString().utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    var json: [UInt8] {
        // Strings and booleans always have a form in JSON.
        guard let data = try? JSONEncoder().encode(self) else { preconditionFailure() }
        return Array(data)
    }
}
