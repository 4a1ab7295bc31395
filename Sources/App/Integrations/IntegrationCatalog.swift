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
        let reader = CatalogReader(file: file)
        let top = try reader.members(of: root, entry: nil, known: ["version", "integrations"])
        guard let version = top["version"]?.int, version == 1 else {
            throw reader.error(top["version"] ?? root, nil, "version has to be 1")
        }
        guard let list = top["integrations"]?.sequence, !list.isEmpty else {
            throw reader.error(root, nil, "integrations has to be a list of entries")
        }
        var entries: [IntegrationEntry] = []
        for node in list {
            let entry = try IntegrationEntry(node, reader)
            guard !entries.contains(where: { $0.id == entry.id }) else {
                throw reader.error(node, entry.id.text, "the id is there twice")
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

// MARK: Reading

/// Reads nodes strictly: what is unknown, missing or of another kind is an error with its place.
struct CatalogReader {
    let file: String

    func error(_ node: Node, _ entry: String?, _ reason: String) -> CatalogError {
        CatalogError(file: file, line: node.mark?.line, entry: entry, reason)
    }

    func members(
        of node: Node, entry: String?, known: Set<String>
    ) throws(CatalogError) -> [String: Node] {
        guard let mapping = node.mapping else {
            throw error(node, entry, "a mapping with the keys \(known.sorted()) is expected")
        }
        var members: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string, known.contains(name) else {
                throw error(key, entry, "there is no key \"\(key.string ?? "?")\"")
            }
            guard members.updateValue(value, forKey: name) == nil else {
                throw error(key, entry, "\(name) is there twice")
            }
        }
        return members
    }

    func text(
        _ name: String, of members: [String: Node], in node: Node, entry: String?,
        allowed: String, isAllowed: (String) -> Bool
    ) throws(CatalogError) -> String {
        guard let value = members[name] else { throw error(node, entry, "\(name) is missing") }
        guard let text = value.string, isAllowed(text) else {
            throw error(value, entry, "\(name) has to be \(allowed)")
        }
        return text
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ type: Value.Type, _ name: String, of members: [String: Node], in node: Node,
        entry: String?
    ) throws(CatalogError) -> Value {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        let text = try text(
            name, of: members, in: node, entry: entry, allowed: "one of \(names)",
            isAllowed: { Value(rawValue: $0) != nil })
        guard let value = Value(rawValue: text) else {
            throw error(node, entry, "\(name) has to be one of \(names)")
        }
        return value
    }
}

extension IntegrationEntry {
    fileprivate init(_ node: Node, _ reader: CatalogReader) throws(CatalogError) {
        let claimed = node.mapping?["id"]?.string
        let members = try reader.members(
            of: node, entry: claimed,
            known: ["id", "name", "category", "base_url", "key_url", "env"])
        let id = try reader.text(
            "id", of: members, in: node, entry: claimed,
            allowed: "1–32 lower-case letters, digits and dashes",
            isAllowed: { $0.wholeMatch(of: /[a-z][a-z0-9-]{0,31}/) != nil })
        self.id = IntegrationID(id)
        name = try reader.text(
            "name", of: members, in: node, entry: id, allowed: "1–64 characters",
            isAllowed: { (1...64).contains($0.count) })
        category = try reader.choice(Category.self, "category", of: members, in: node, entry: id)
        baseURL = try reader.text(
            "base_url", of: members, in: node, entry: id,
            allowed: "an https origin without a path",
            isAllowed: { $0.hasPrefix("https://") && URLText.isOrigin($0) })
        keyURL = try reader.text(
            "key_url", of: members, in: node, entry: id, allowed: "an https URL",
            isAllowed: { $0.hasPrefix("https://") && !$0.contains(" ") })
        guard let list = members["env"]?.sequence, !list.isEmpty else {
            throw reader.error(members["env"] ?? node, id, "env has to be a list of variables")
        }
        var variables: [CredentialVariable] = []
        for node in list { variables.append(try CredentialVariable(node, reader, entry: id)) }
        let names = variables.flatMap(\.names)
        guard Set(names).count == names.count else {
            throw reader.error(node, id, "env names a variable twice")
        }
        self.variables = variables
    }
}

extension CredentialVariable {
    fileprivate init(
        _ node: Node, _ reader: CatalogReader, entry: String
    ) throws(CatalogError) {
        let members = try reader.members(
            of: node, entry: entry, known: ["name", "alternatives", "kind", "about"])
        name = try reader.text(
            "name", of: members, in: node, entry: entry,
            allowed: "upper-case letters, digits and underscores", isAllowed: Self.isName)
        kind = try reader.choice(Kind.self, "kind", of: members, in: node, entry: entry)
        about = try reader.text(
            "about", of: members, in: node, entry: entry, allowed: "1–80 characters",
            isAllowed: { (1...80).contains($0.count) })
        var alternatives: [String] = []
        if let list = members["alternatives"] {
            for element in list.sequence ?? [list] {
                guard let name = element.string, Self.isName(name) else {
                    throw reader.error(
                        element, entry, "alternatives has to be a list of variable names")
                }
                alternatives.append(name)
            }
        }
        self.alternatives = alternatives
    }

    private static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Z][A-Z0-9_]{0,63}/) != nil
    }
}
