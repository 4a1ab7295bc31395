import Yams

// Where credentials come from and go to, as an entry of the catalogue says it.

extension CredentialSlot {
    private enum Authorization: String, CaseIterable {
        case basicPassword = "basic_password"
        case bare
    }

    init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Slot>(node, place)
        guard members.keys.count == 1, let key = members.keys.first else {
            throw place.error(node, nil, "has to have one key: header, query or authorization")
        }
        switch key {
        case .header:
            self = .header(
                try members.text(key, CatalogText.headerName, CatalogText.isHeaderName))
        case .query:
            self = .query(try members.text(key, CatalogText.queryName, CatalogText.isQueryName))
        case .authorization:
            switch try members.choice(key, of: Authorization.self) {
            case .basicPassword: self = .basicPassword
            case .bare: self = .bareAuthorization
            }
        }
    }
}

extension CredentialTarget {
    /// What tells two of them apart.
    var place: CredentialSlot {
        switch self {
        case .header(let name, _, _): .header(name)
        case .basic: .header("authorization")
        case .query(let name, _): .query(name)
        }
    }

    init(
        _ node: Node, _ place: CatalogPlace, variables: [String]
    ) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Target>(node, place)
        func variable(_ key: CatalogKey.Target) throws(CatalogError) -> String {
            try members.text(key, "a variable of env", variables.contains)
        }
        switch Set(members.keys) {
        case [.bearer]:
            self = .header(
                name: "authorization", prefix: "Bearer ", variable: try variable(.bearer))
        case [.header, .variable]:
            self = .header(
                name: try members.text(.header, CatalogText.headerName, CatalogText.isHeaderName),
                prefix: "", variable: try variable(.variable))
        case [.query, .variable]:
            self = .query(
                name: try members.text(.query, CatalogText.queryName, CatalogText.isQueryName),
                variable: try variable(.variable))
        case [.basicUser, .basicPassword]:
            self = .basic(user: try variable(.basicUser), password: try variable(.basicPassword))
        default:
            throw place.error(
                node, nil,
                "has to be bearer, header and variable, query and variable, or basic_user and "
                    + "basic_password")
        }
    }
}

extension AccountSegment {
    init(
        _ node: Node, _ place: CatalogPlace, variables: [String]
    ) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Account>(node, place)
        after = try members.text(.after, "a segment of a path") {
            $0.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) != nil
        }
        variable = try members.text(.variable, "a variable of env", variables.contains)
    }
}
