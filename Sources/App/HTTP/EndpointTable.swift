package import HTTPTypes

/// All routes of the server: finds the endpoint of a request, and refuses at start what could not
/// be told apart later.
///
/// A path without parameters is one dictionary look-up. Literal segments match byte for byte, so
/// that a rule of a proxy in front sees the same path as we do; a slash at the end makes another
/// path.
package struct EndpointTable: Sendable {
    package let routes: [Route]
    private var literal: [String: RouteGroup] = [:]
    /// By number of segments.
    private var patterns: [Int: [RouteGroup]] = [:]

    package init(_ endpoints: [Endpoint]) throws(EndpointTableError) {
        routes = endpoints.map(Route.init)
        for route in routes { try add(route) }
    }

    /// - Parameter path: as it was sent, without the query.
    package func match(_ method: HTTPRequest.Method, path: Substring) -> RouteMatch {
        if let group = literal[String(path)] { return group.answer(method, parameters: [:]) }
        guard path.first == "/" else { return .notFound }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for group in patterns[segments.count] ?? [] {
            if let parameters = group.pattern.parameters(in: segments) {
                return group.answer(method, parameters: parameters)
            }
        }
        return .notFound
    }

    private mutating func add(_ route: Route) throws(EndpointTableError) {
        let pattern = try PathPattern(route.endpoint.path)
        guard pattern.hasParameters else {
            try literal[route.endpoint.path, default: RouteGroup(pattern)].add(route)
            return
        }
        let count = pattern.segments.count
        var groups = patterns[count] ?? []
        if let known = groups.firstIndex(where: { $0.pattern == pattern }) {
            try groups[known].add(route)
        } else if let rival = groups.first(where: { $0.pattern.overlaps(pattern) }) {
            throw .ambiguous(pattern.text, rival.pattern.text)
        } else {
            var group = RouteGroup(pattern)
            try group.add(route)
            groups.append(group)
        }
        patterns[count] = groups
    }
}

/// One endpoint in its table, with its counters.
package final class Route: Sendable {
    package let endpoint: Endpoint
    package let counters = RouteCounters()

    init(_ endpoint: Endpoint) { self.endpoint = endpoint }
}

package enum RouteMatch: Sendable {
    case route(Route, parameters: [String: String])
    /// OPTIONS on a path that exists.
    case options(allow: String)
    case methodNotAllowed(allow: String)
    case notFound
}

/// A mistake in the table itself, found when the server starts.
package enum EndpointTableError: Error, Equatable, CustomStringConvertible {
    case malformedPath(String)
    case duplicate(method: String, path: String)
    /// Some request path would fit both.
    case ambiguous(String, String)

    package var description: String {
        switch self {
        case .malformedPath(let path): "the endpoint path \(path) is malformed"
        case .duplicate(let method, let path): "\(method) \(path) is registered twice"
        case .ambiguous(let one, let other): "the endpoint paths \(one) and \(other) overlap"
        }
    }
}

/// The endpoints that share a path, one for each method.
private struct RouteGroup: Sendable {
    let pattern: PathPattern
    private var routes: [Route] = []
    private var allow = "OPTIONS"

    init(_ pattern: PathPattern) { self.pattern = pattern }

    mutating func add(_ route: Route) throws(EndpointTableError) {
        let method = route.endpoint.method
        guard !routes.contains(where: { $0.endpoint.method == method }) else {
            throw .duplicate(method: method.rawValue, path: route.endpoint.path)
        }
        routes.append(route)
        // HEAD is answered by GET (RFC 9110 §9.3.2).
        var names = Set(routes.map(\.endpoint.method.rawValue)).union(["OPTIONS"])
        if names.contains("GET") { names.insert("HEAD") }
        allow = names.sorted().joined(separator: ", ")
    }

    func answer(_ method: HTTPRequest.Method, parameters: [String: String]) -> RouteMatch {
        let wanted = method == .head ? .get : method
        if let route = routes.first(where: { $0.endpoint.method == wanted }) {
            return .route(route, parameters: parameters)
        }
        return method == .options ? .options(allow: allow) : .methodNotAllowed(allow: allow)
    }
}
