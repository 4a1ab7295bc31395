import Yams

// What a failure means, as an entry of the catalogue says it: the key `errors`.

extension ErrorRule {
    /// Nil for what is no status of HTTP.
    static func status(_ text: String) -> Int? {
        Int(text).flatMap { (100...599).contains($0) ? $0 : nil }
    }

    static let nameAllowed = "1–64 lower-case letters, digits and underscores"

    /// What `error_code` and the names of units may be.
    static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[a-z][a-z0-9_]{0,63}/) != nil
    }

    init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Rule>(node, place)
        statuses = try members.list(.statuses, of: "statuses from 100 to 599", Self.status)
        codes = try members.list(.codes, of: "codes of 1–100 characters") {
            (1...100).contains($0.count) ? $0 : nil
        }
        messageContains = try members.optionalText(
            .messageContains, "1–100 characters in lower case"
        ) { (1...100).contains($0.count) && $0 == $0.lowercased() }
        errorCode = try members.text(.errorCode, Self.nameAllowed, Self.isName)
        fault = try members.choice(.fault, of: Fault.self)
        suggestedFix = try members.text(.suggestedFix, "a sentence of 1–300 characters") {
            (1...300).contains($0.count)
        }
        guard !statuses.isEmpty || !codes.isEmpty || messageContains != nil else {
            throw place.error(
                node, nil, "has to have one of statuses, codes and message_contains")
        }
    }
}
