import Yams

/// The keys of one mapping of a catalogue: an enum, so that what is read, what is known and what is
/// documented are one list.
protocol CatalogKeys: RawRepresentable<String>, CaseIterable, Hashable, Sendable {}

/// Where in a catalogue something is read: what an error names.
struct CatalogPlace {
    let file: String
    /// The entry's id, once it is known.
    var entry: String?
    /// The keys that lead here from the entry: `answers.stream`.
    var path: [String] = []

    func within(_ key: String) -> CatalogPlace {
        var place = self
        place.path.append(key)
        return place
    }

    /// - Parameter key: the last part of the key that is wrong; nil when the whole mapping is.
    func error(_ node: Node, _ key: String?, _ reason: String) -> CatalogError {
        let name = (path + (key.map { [$0] } ?? [])).joined(separator: ".")
        return CatalogError(
            file: file, line: node.mark?.line, entry: entry,
            name.isEmpty ? reason : "\(name) \(reason)")
    }
}

/// One mapping, read strictly: what is unknown, missing or of another kind is an error with its
/// place, and says what is allowed.
struct CatalogMapping<Key: CatalogKeys> {
    let node: Node
    let place: CatalogPlace
    private let members: [Key: Node]

    init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
        guard let mapping = node.mapping else {
            throw place.error(node, nil, "has to be a mapping with the keys \(known)")
        }
        var members: [Key: Node] = [:]
        for (name, value) in mapping {
            guard let key = name.string.flatMap(Key.init(rawValue:)) else {
                throw place.error(name, name.string ?? "?", "is no key; there are \(known)")
            }
            guard members.updateValue(value, forKey: key) == nil else {
                throw place.error(name, key.rawValue, "is there twice")
            }
        }
        self.node = node
        self.place = place
        self.members = members
    }

    /// Nil when the key is not there.
    subscript(_ key: Key) -> Node? { members[key] }

    var keys: some Collection<Key> { members.keys }

    func error(_ key: Key, _ reason: String) -> CatalogError {
        place.error(members[key] ?? node, key.rawValue, reason)
    }

    func required(_ key: Key) throws(CatalogError) -> Node {
        guard let value = members[key] else { throw error(key, "is missing") }
        return value
    }
}

// MARK: Values

extension CatalogMapping {
    func text(
        _ key: Key, _ allowed: String, _ isAllowed: (String) -> Bool
    ) throws(CatalogError) -> String {
        guard let text = try required(key).string, isAllowed(text) else {
            throw error(key, "has to be \(allowed)")
        }
        return text
    }

    /// Nil when the key is not there.
    func optionalText(
        _ key: Key, _ allowed: String, _ isAllowed: (String) -> Bool
    ) throws(CatalogError) -> String? {
        self[key] == nil ? nil : try text(key, allowed, isAllowed)
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ key: Key, of type: Value.Type
    ) throws(CatalogError) -> Value {
        guard let value = try required(key).string.flatMap(Value.init(rawValue:)) else {
            let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw error(key, "has to be one of \(names)")
        }
        return value
    }

    func flag(_ key: Key, default standard: Bool) throws(CatalogError) -> Bool {
        guard let node = self[key] else { return standard }
        switch node.string {
        case "true": return true
        case "false": return false
        default: throw error(key, "has to be true or false")
        }
    }

    func integer(
        _ key: Key, in range: ClosedRange<Int>, default standard: Int
    ) throws(CatalogError) -> Int {
        guard let node = self[key] else { return standard }
        guard let value = node.string.flatMap({ Int($0) }), range.contains(value) else {
            throw error(
                key, "has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The elements of a list; empty when the key is not there.
    func list(_ key: Key) throws(CatalogError) -> [Node] {
        guard let node = self[key] else { return [] }
        guard let sequence = node.sequence, !sequence.isEmpty else {
            throw error(key, "has to be a list with something in it")
        }
        return Array(sequence)
    }

    /// A list of texts, or of what is made of them; empty when the key is not there.
    func list<Value>(
        _ key: Key, of allowed: String, _ make: (String) -> Value?
    ) throws(CatalogError) -> [Value] {
        var values: [Value] = []
        for node in try list(key) {
            guard let value = node.string.flatMap(make) else {
                throw place.error(node, key.rawValue, "has to be a list of \(allowed)")
            }
            values.append(value)
        }
        return values
    }
}
