/// A route's path, cut into segments: `/api/auth/sessions/{id}`.
struct PathPattern: Sendable, Equatable {
    enum Segment: Sendable, Equatable {
        case literal(String)
        case parameter(String)
    }

    let text: String
    let segments: [Segment]

    init(_ text: String) throws(EndpointTableError) {
        guard text.first == "/" else { throw .malformedPath(text) }
        self.text = text
        var segments: [Segment] = []
        var names: Set<String> = []
        if text != "/" {
            for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
                guard part.first == "{" || part.last == "}" else {
                    guard !part.isEmpty, !part.contains("%") else { throw .malformedPath(text) }
                    segments.append(.literal(String(part)))
                    continue
                }
                let name = String(part.dropFirst().dropLast())
                guard part.first == "{", part.last == "}", !name.isEmpty,
                    names.insert(name).inserted
                else { throw .malformedPath(text) }
                segments.append(.parameter(name))
            }
        }
        self.segments = segments
    }

    var hasParameters: Bool { !parameterNames.isEmpty }

    var parameterNames: [String] {
        segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// Whether some path would fit both.
    func overlaps(_ other: PathPattern) -> Bool {
        guard segments.count == other.segments.count else { return false }
        return zip(segments, other.segments).allSatisfy { own, theirs in
            switch (own, theirs) {
            case (.literal(let one), .literal(let two)): one == two
            case (.parameter, _), (_, .parameter): true
            }
        }
    }

    /// The decoded parameters, or nil when the path is another one. A parameter is never empty, and
    /// one that does not decode to UTF-8 names nothing that could exist.
    func parameters(in path: [Substring]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (segment, part) in zip(segments, path) {
            switch segment {
            case .literal(let literal):
                guard part == literal else { return nil }
            case .parameter(let name):
                guard let value = PercentEncoding.decode(part.utf8, plusIsSpace: false),
                    !value.isEmpty
                else { return nil }
                parameters[name] = value
            }
        }
        return parameters
    }
}
