import Yams

// How answers are read, as an entry of the catalogue says it: the key `answers`.

extension AnswerScheme {
    init(_ entry: CatalogMapping<CatalogKey.Entry>) throws(CatalogError) {
        if let node = entry[.answers] { try read(node, entry.place.within("answers")) }
        for (index, node) in try entry.list(.errors).enumerated() {
            errors.append(try ErrorRule(node, entry.place.within("errors[\(index + 1)]")))
        }
        // Some rules know a code or a text, so there has to be a place where it is read.
        let needsCode = errors.contains { !$0.codes.isEmpty }
        guard !needsCode || !errorCodePaths.isEmpty else {
            throw entry.error(.errors, "has codes, and answers.error_code_paths is missing")
        }
        let needsText = errors.contains { $0.messageContains != nil }
        guard !needsText || !errorMessagePaths.isEmpty else {
            throw entry.error(.errors, "has texts, and answers.error_message_paths is missing")
        }
        let count = InspectionPlan(self).paths.count
        guard count <= JSONPathScanner.pathsMax else {
            throw entry.error(
                .answers,
                "has \(count) paths in all; at most \(JSONPathScanner.pathsMax) are read")
        }
    }

    private mutating func read(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Answers>(node, place)
        requestIDHeader = try members.optionalText(
            .requestIDHeader, CatalogText.headerName, CatalogText.isHeaderName)
        requestIDPath = try members.optionalText(.requestIDPath, JSONPath.allowed) {
            JSONPath(catalog: $0) != nil
        }.flatMap(JSONPath.init(catalog:))
        errorCodePaths = try members.list(
            .errorCodePaths, of: JSONPath.allowed, JSONPath.init(catalog:))
        errorMessagePaths = try members.list(
            .errorMessagePaths, of: JSONPath.allowed, JSONPath.init(catalog:))
        if let node = members[.units] { units = try Self.units(node, place.within("units")) }
        if let node = members[.stream] { stream = try StreamScheme(node, place.within("stream")) }
        for node in try members.list(.rateLimits) {
            rateLimits.append(try RateLimitHeaders(node, place.within("rate_limits")))
        }
    }

    /// A mapping of the units' names to lists of paths.
    private static func units(
        _ node: Node, _ place: CatalogPlace
    ) throws(CatalogError) -> [UnitPath] {
        guard let mapping = node.mapping, !mapping.isEmpty else {
            throw place.error(node, nil, "has to be a mapping of names to lists of paths")
        }
        var units: [UnitPath] = []
        for (key, value) in mapping {
            guard let name = key.string, ErrorRule.isName(name) else {
                throw place.error(key, key.string, "has to be \(ErrorRule.nameAllowed)")
            }
            let paths = value.sequence?.map { $0.string.flatMap(JSONPath.init(catalog:)) } ?? []
            guard !paths.isEmpty, !paths.contains(nil) else {
                throw place.error(value, name, "has to be a list of \(JSONPath.allowed)")
            }
            units.append(UnitPath(name: name, paths: paths.compactMap(\.self)))
        }
        return units
    }
}

extension JSONPath {
    fileprivate static let allowed = "names joined by dots, at most 8, like error.code"

    /// Stricter than the scanner: what looks like an index or a wildcard would find nothing.
    fileprivate init?(catalog text: String) {
        guard text.wholeMatch(of: /[A-Za-z0-9_.-]{1,200}/) != nil else { return nil }
        self.init(text)
    }
}

extension StreamScheme {
    /// As much as `EventStreamScanner` keeps of an event's data and of its type.
    private static let dataBytesMax = EventStreamScanner.dataStartBytesMax
    private static let typeBytesMax = EventStreamScanner.typeBytesMax

    fileprivate init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Stream>(node, place)
        doneData = try members.list(.doneData, of: "texts of 1–16 characters") {
            (1...Self.dataBytesMax).contains($0.utf8.count) ? $0 : nil
        }
        func types(_ key: CatalogKey.Stream) throws(CatalogError) -> [String] {
            try members.list(key, of: "types of 1–64 characters") {
                (1...Self.typeBytesMax).contains($0.utf8.count) ? $0 : nil
            }
        }
        doneTypes = try types(.doneTypes)
        errorTypes = try types(.errorTypes)
        guard !doneData.isEmpty || !doneTypes.isEmpty else {
            throw place.error(
                node, nil, "has to say how a stream ends: done_data or done_types")
        }
    }
}

extension RateLimitHeaders {
    fileprivate init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.RateLimit>(node, place)
        func header(_ key: CatalogKey.RateLimit) throws(CatalogError) -> String? {
            try members.optionalText(key, CatalogText.headerName, CatalogText.isHeaderName)
        }
        name = try members.text(.name, ErrorRule.nameAllowed, ErrorRule.isName)
        limit = try header(.limit)
        remaining = try header(.remaining)
        reset = try header(.reset)
        guard limit != nil || remaining != nil || reset != nil else {
            throw place.error(node, nil, "has to have one of limit, remaining and reset")
        }
    }
}
