import Actors
import Foundation
import NIOCore
import NIOSSL

/// One integration as the gateway works with it: everything that can be prepared is, so that a call
/// looks up and never computes. Its secrets are read once and show themselves nowhere.
final class GatewayProvider: Sendable {
    let id: IntegrationID
    let entry: IntegrationEntry
    let check: CredentialCheck
    let origin: ProviderOrigin
    let resolver: ProviderResolver
    let tls: NIOSSLContext?
    let operations: OperationNames
    let inspection: InspectionPlan
    let classifier: ErrorClassifier
    let requestFields: RequestFields
    let answerFields: AnswerFields
    let rateLimits: RateLimitMemory
    /// Names of query items that are never passed on, in lower case.
    let droppedQuery: Set<String>
    /// Nil when a variable is missing or malformed.
    let credentials: ProviderCredentials?

    /// - Parameters:
    ///   - slots: of all providers together: a key that was meant for another one stays here too.
    ///   - baseURL: instead of the catalogue's.
    /// - Returns: nil when the base URL is no origin.
    init?(
        _ entry: IntegrationEntry, slots: CredentialSlots, environment: [String: String],
        baseURL: String?, policy: AddressPolicy, tls: NIOSSLContext
    ) {
        guard let origin = ProviderOrigin(baseURL ?? entry.baseURL) else { return nil }
        let scheme = entry.calls
        id = entry.id
        self.entry = entry
        self.origin = origin
        check = CredentialCheck(entry, environment: environment)
        resolver = ProviderResolver(origin, policy: policy)
        self.tls = origin.isTLS ? tls : nil
        operations = OperationNames(scheme.routes)
        inspection = InspectionPlan(scheme.answers)
        classifier = ErrorClassifier(entry)
        requestFields = RequestFields(scheme, foreign: slots.headers)
        answerFields = AnswerFields(scheme.answers)
        rateLimits = RateLimitMemory(scheme.answers.rateLimits)
        droppedQuery = slots.query.union(scheme.droppedQuery.map { $0.lowercased() })
        credentials =
            check.isUsable
            ? ProviderCredentials(scheme, environment: environment, check: check) : nil
    }

    /// Why its calls can't be made, nil when they can.
    var obstacle: APIError? {
        guard credentials == nil else { return nil }
        let status = CredentialAdvice(entry, check)
        return APIError(
            status.isMissing ? .notConfigured : .envMalformed,
            message: "\(entry.name) can't be called: \(status.reason)",
            suggestedFix: status.fix)
    }
}

extension CredentialCheck {
    var isUsable: Bool { missing.isEmpty && malformed.isEmpty }
}

/// Every place in which some provider of the catalogue takes a credential, in lower case.
struct CredentialSlots: Sendable {
    private(set) var headers: Set<String> = []
    private(set) var query: Set<String> = []

    init(_ catalog: IntegrationCatalog) {
        for scheme in catalog.entries.map(\.calls) {
            for slot in scheme.slots {
                switch slot {
                case .header(let name): headers.insert(name.lowercased())
                case .query(let name): query.insert(name.lowercased())
                case .bearer, .bareAuthorization, .basicPassword: break
                }
            }
            for target in scheme.credentials {
                switch target {
                case .header(let name, _, _): headers.insert(name.lowercased())
                case .query(let name, _): query.insert(name.lowercased())
                case .basic: break
                }
            }
        }
        // How proxies and providers of other catalogues call theirs.
        headers.insert("api-key")
        query.formUnion(["token", "apikey", "api_key", "access_token"])
    }
}

/// The real credentials, in the form in which they go out.
struct ProviderCredentials: Sendable {
    /// Whole header lines.
    let headerLines: Redacted<ByteBuffer>
    /// `name=value`, percent-encoded; empty when there is none.
    let query: Redacted<String>
    /// What takes the place of the caller's account in a path, and the segment before it.
    let account: (after: String, value: String)?
    /// Everything that must never be seen, in the forms in which it could be.
    let secrets: Redacted<[String]>
    /// Whether a text has one of the secrets in it.
    func shows(in text: String) -> Bool { secrets.value.contains { text.contains($0) } }

    /// The bytes that tell this set of credentials from another, for its fingerprint.
    let identity: Redacted<[UInt8]>

    init(_ scheme: CallScheme, environment: [String: String], check: CredentialCheck) {
        let values = Dictionary(
            check.variables.map { ($0.variable.name, environment[$0.name] ?? "") },
            uniquingKeysWith: { first, _ in first })
        func value(_ variable: String) -> String { values[variable] ?? "" }
        var lines = ByteBuffer()
        var query: [String] = []
        var secrets: [String] = []
        for target in scheme.credentials {
            switch target {
            case .header(let name, let prefix, let variable):
                lines.writeString("\(name): \(prefix)\(value(variable))\r\n")
                secrets.append(value(variable))
            case .basic(let user, let password):
                let pair = "\(value(user)):\(value(password))"
                let encoded = Data(pair.utf8).base64EncodedString()
                lines.writeString("authorization: Basic \(encoded)\r\n")
                secrets += [value(password), encoded]
            case .query(let name, let variable):
                query.append("\(name)=\(CallQuery.encode(value(variable)))")
                secrets += [value(variable), CallQuery.encode(value(variable))]
            }
        }
        headerLines = Redacted(lines)
        self.query = Redacted(query.joined(separator: "&"))
        account = scheme.accountSegment.map { ($0.after, value($0.variable)) }
        self.secrets = Redacted(secrets.filter { !$0.isEmpty })
        let sorted = values.sorted { $0.key < $1.key }
        identity = Redacted(sorted.flatMap { Array("\($0.key)=\($0.value)\n".utf8) })
    }
}
