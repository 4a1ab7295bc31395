/// What calls are called in events: method and route, with names in braces for whatever differs
/// from call to call, so that no id, symbol or number of a caller gets there.
struct OperationNames: Sendable {
    private struct Route: Sendable {
        let text: String
        let segments: [String?]
        let literals: Int
    }

    /// By the number of segments; those with more literals first.
    private var routes: [Int: [Route]] = [:]
    private var vocabulary: Set<String> = []
    /// Whole names of the routes without variables, by method and path: the quick way.
    private var literal: [String: [Substring: String]] = [:]

    /// The contract's bound on an operation.
    static let charactersMax = 256
    private static let segmentsMax = 16

    init(_ templates: [RouteTemplate]) {
        for template in templates {
            // An empty segment means nothing to a provider, and client libraries do send some.
            let segments = template.segments.filter { $0 != "" }
            let text = template.text.split(separator: "/").map { "/" + $0 }.joined()
            routes[segments.count, default: []].append(
                Route(text: text, segments: segments, literals: segments.count { $0 != nil }))
            vocabulary.formUnion(segments.compactMap(\.self))
        }
        for count in routes.keys { routes[count]?.sort { $0.literals > $1.literals } }
        for route in routes.values.joined() where route.literals == route.segments.count {
            for method in Self.methods {
                literal[method, default: [:]][Substring(route.text)] = "\(method) \(route.text)"
            }
        }
    }

    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]

    func name(_ method: String, _ path: Substring) -> String {
        if let name = literal[method]?[path] { return name }
        let segments = path.split(separator: "/")
        let route = routes[segments.count]?.first { Self.fits($0, segments) }
        return method + " " + (route?.text ?? unknown(segments))
    }

    private static func fits(_ route: Route, _ segments: [Substring]) -> Bool {
        zip(route.segments, segments).allSatisfy { wanted, segment in
            wanted.map { segment == $0 } ?? true
        }
    }

    /// A path that no route has keeps the words that some route has, and nothing else.
    private func unknown(_ segments: [Substring]) -> String {
        guard !segments.isEmpty else { return "/" }
        let shown = segments.prefix(Self.segmentsMax).map { segment in
            vocabulary.contains(String(segment)) ? "/\(segment)" : "/{…}"
        }
        let text = shown.joined() + (segments.count > Self.segmentsMax ? "/{…}" : "")
        return String(text.prefix(Self.charactersMax - 16))
    }
}
