import Actors
import Yams

/// The integrations that this server knows, as data: `config/integrations.yaml` has the schema.
struct IntegrationCatalog: Sendable {
    /// In the order of the file.
    let entries: [IntegrationEntry]

    var ids: [IntegrationID] { entries.map(\.id) }

    /// - Throws: the first thing that is wrong, by file, line, entry and key.
    static func load(yaml: String, file: String) throws(CatalogError) -> IntegrationCatalog {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw CatalogError(file: file, line: nil, entry: nil, "this is no valid YAML: \(error)")
        }
        guard let root else {
            throw CatalogError(file: file, line: nil, entry: nil, "the file is empty")
        }
        let place = CatalogPlace(file: file)
        let top = try CatalogMapping<CatalogKey.Top>(root, place)
        guard try top.required(.version).string == "1" else {
            throw top.error(.version, "has to be 1")
        }
        _ = try top.required(.integrations)
        var entries: [IntegrationEntry] = []
        for node in try top.list(.integrations) {
            let entry = try IntegrationEntry(node, place)
            guard !entries.contains(where: { $0.id == entry.id }) else {
                throw CatalogPlace(file: file, entry: entry.id.text)
                    .error(node, "id", "is there twice")
            }
            entries.append(entry)
        }
        return IntegrationCatalog(entries: entries)
    }
}

/// One integration.
struct IntegrationEntry: Sendable {
    enum Category: String, CaseIterable, Sendable {
        case sms
        case broker
        case marketData = "market_data"
        case llm
        case news
        case altData = "alt_data"
    }

    let id: IntegrationID
    let name: String
    let category: Category
    let baseURL: String
    let keyURL: String
    let variables: [CredentialVariable]
    let calls: CallScheme
    /// What it is used for, as a sentence; for people.
    let about: String
    /// How client libraries are pointed at the gateway; for people.
    let sdks: [SDKGuide]
}

/// The lines that point a provider's own client library at the gateway.
struct SDKGuide: Sendable, Equatable {
    enum Language: String, CaseIterable, Sendable {
        case python
        case javascript
    }

    let language: Language
    /// As it is installed.
    let package: String
    /// `BASE` stands for the address that calls of the integration go to.
    let lines: [String]
}

/// A variable of the environment that holds a credential.
struct CredentialVariable: Sendable, Equatable {
    enum Kind: String, CaseIterable, Sendable {
        case accountSID = "account_sid"
        case e164
        case opaque
    }

    let name: String
    let alternatives: [String]
    let kind: Kind
    /// What it is, in words: `the API key`.
    let about: String

    /// All names it may have, the first one first.
    var names: [String] { [name] + alternatives }
}

/// What is wrong with a catalogue.
struct CatalogError: Error, Equatable, CustomStringConvertible {
    let file: String
    let line: Int?
    let entry: String?
    let reason: String

    init(file: String, line: Int?, entry: String?, _ reason: String) {
        self.file = file
        self.line = line
        self.entry = entry
        self.reason = reason
    }

    var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return entry.map { "\(place): entry \($0): \(reason)" } ?? "\(place): \(reason)"
    }
}
