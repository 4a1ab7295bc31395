import Yams

// How calls are made, as an entry of the catalogue says it. Answers are in AnswerScheme+YAML.swift.

extension CallScheme {
    /// - Parameter variables: the names of the entry's variables.
    init(
        _ entry: CatalogMapping<CatalogKey.Entry>, variables: [String]
    ) throws(CatalogError) {
        for node in try entry.list(.credentialsIn) {
            slots.append(try CredentialSlot(node, entry.place.within("credentials_in")))
        }
        _ = try entry.required(.credentialsOut)
        for node in try entry.list(.credentialsOut) {
            let place = entry.place.within("credentials_out")
            let target = try CredentialTarget(node, place, variables: variables)
            guard !credentials.contains(where: { $0.place == target.place }) else {
                throw place.error(node, nil, "puts two credentials into one place")
            }
            credentials.append(target)
        }
        droppedHeaders = try entry.list(.droppedHeaders, of: "header names in lower case") {
            CatalogText.isHeaderName($0) ? $0 : nil
        }
        droppedQuery = try entry.list(.droppedQuery, of: "names of query parameters") {
            CatalogText.isQueryName($0) ? $0 : nil
        }
        defaultHeaders = try Self.defaultHeaders(entry)
        for header in defaultHeaders where secretHeaders.contains(header.name) {
            throw entry.error(.defaultHeaders, "has \(header.name), which holds a credential")
        }
        if let node = entry[.account] {
            accountSegment = try AccountSegment(
                node, entry.place.within("account"), variables: variables)
        }
        _ = try entry.required(.routes)
        routes = try entry.list(
            .routes, of: "paths like /v1/models/{model}, of at most 200 characters",
            RouteTemplate.init)
        isRepeatable = try entry.flag(.repeatable, default: true)
        if let node = entry[.probe] {
            probe = try ProbeScheme(
                node, entry.place.within("probe"), hasAccount: accountSegment != nil)
        }
        if let node = entry[.limits] { limits = try CallLimits(node, entry.place.within("limits")) }
        answers = try AnswerScheme(entry)
    }

    /// Headers in which credentials stand, ours or a caller's.
    private var secretHeaders: Set<String> {
        var names: Set = ["authorization"]
        for case .header(let name) in slots { names.insert(name) }
        for case .header(let name, _, _) in credentials { names.insert(name) }
        return names.union(droppedHeaders)
    }

    private static func defaultHeaders(
        _ entry: CatalogMapping<CatalogKey.Entry>
    ) throws(CatalogError) -> [(name: String, value: String)] {
        guard let node = entry[.defaultHeaders] else { return [] }
        guard let mapping = node.mapping, !mapping.isEmpty else {
            throw entry.error(.defaultHeaders, "has to be a mapping of header names to values")
        }
        let place = entry.place.within("default_headers")
        var headers: [(name: String, value: String)] = []
        for (key, value) in mapping {
            guard let name = key.string, CatalogText.isHeaderName(name) else {
                throw place.error(key, key.string, "has to be \(CatalogText.headerName)")
            }
            guard let text = value.string, CatalogText.isHeaderValue(text) else {
                throw place.error(value, name, "has to be 1–200 printable characters")
            }
            headers.append((name, text))
        }
        return headers
    }
}

extension ProbeScheme {
    fileprivate init(_ node: Node, _ place: CatalogPlace, hasAccount: Bool) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Probe>(node, place)
        let account = "{account}"
        path = try members.text(
            .path, "a path that begins with /, with {account} in it only where there is an account"
        ) {
            let rest = $0.replacing(account, with: "")
            return CatalogText.isPath($0) && (hasAccount || rest == $0)
                && !rest.contains { $0 == "{" || $0 == "}" }
        }
        acceptedStatuses = try members.list(
            .acceptedStatuses, of: "statuses from 100 to 599", ErrorRule.status)
        isCostly = try members.flag(.costly, default: false)
    }
}

extension CallLimits {
    /// Longer than any provider thinks; whoever means "for ever" should not.
    private static let secondsMax = 3600
    /// More than any provider takes, and what a server of ours can pass on without harm.
    private static let requestBytesLargest = 1 << 30

    fileprivate init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Limits>(node, place)
        func seconds(
            _ key: CatalogKey.Limits, _ standard: Int64
        ) throws(CatalogError) -> Int64 {
            Int64(try members.integer(key, in: 1...Self.secondsMax, default: Int(standard)))
        }
        requestBytesMax = try members.integer(
            .requestBytesMax, in: 1...Self.requestBytesLargest, default: requestBytesMax)
        connectSeconds = try seconds(.connectSeconds, connectSeconds)
        tlsSeconds = try seconds(.tlsSeconds, tlsSeconds)
        firstByteSeconds = try seconds(.firstByteSeconds, firstByteSeconds)
        idleSeconds = try seconds(.idleSeconds, idleSeconds)
    }
}
