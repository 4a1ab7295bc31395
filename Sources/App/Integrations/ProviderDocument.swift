import Actors

/// The pages under docs/providers: what somebody needs who wants to use a provider through the
/// gateway, made from its entry in the catalogue.
enum ProviderDocument {
    /// Where `make run` listens.
    private static let server = "http://127.0.0.1:8080"

    /// docs/providers/README.md
    static func index(_ catalog: IntegrationCatalog) -> String {
        let rows = catalog.entries.map {
            "| [\($0.name)](\($0.id.text).md) | `\($0.id.text)` | \($0.about) |"
        }
        return """
            # Providers

            An app uses a provider through Countersign by changing two things: the base URL of its
            client library, and the key, whose place a Countersign token takes. The real key stays
            on the server.

            | provider | id | what for |
            |---|---|---|
            \(rows.joined(separator: "\n"))

            These pages are generated from the catalogue, `config/integrations.yaml`. The comment at
            its top says how to add a provider.

            """
    }

    /// docs/providers/{id}.md
    static func page(_ entry: IntegrationEntry) -> String {
        let sections = [
            "# \(entry.name)\n\n\(entry.about)", variables(entry), token(entry), libraries(entry),
            curl(entry), errors(entry), recorded(entry), limits(entry),
            "This page is generated from `config/integrations.yaml`.",
        ]
        return sections.joined(separator: "\n\n") + "\n"
    }

    private static func address(_ entry: IntegrationEntry) -> String {
        "\(server)/api/integrations/\(entry.id.text)/call"
    }

    static func table(_ heads: [String], _ rows: [[String]]) -> String {
        let lines = [heads, heads.map { _ in "---" }] + rows
        return lines.map { cells in
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }

    static func code(_ texts: [String]) -> String {
        texts.map { "`\($0)`" }.joined(separator: ", ")
    }

    private static func variables(_ entry: IntegrationEntry) -> String {
        let rows = entry.variables.map { variable in
            [variable.names.map { "`\($0)`" }.joined(separator: " or "), variable.about]
        }
        let id = entry.id.text.uppercased().replacing("-", with: "_")
        return """
            ## In the server's environment

            \(table(["variable", "what it is"], rows))

            Keys are made at \(entry.keyURL). Calls go to \(entry.baseURL), or to the origin in
            `COUNTERSIGN_\(id)_BASE_URL`.
            """
    }

    private static func token(_ entry: IntegrationEntry) -> String {
        let places = ["`Authorization: Bearer`"] + entry.calls.slots.map(place)
        return """
            ## The token

            An admin makes it (`countersign tokens`, or `POST /api/tokens`) with one of the scopes:

            - `call:\(entry.id.text)`: every call.
            - `call:\(entry.id.text):read`: only calls that read, with GET or HEAD.

            It is taken from where clients of \(entry.name) put their key: \
            \(places.joined(separator: ", ")).
            """
    }

    private static func place(_ slot: CredentialSlot) -> String {
        switch slot {
        case .bearer: "`Authorization: Bearer`"
        case .bareAuthorization: "`Authorization` without a scheme"
        case .basicPassword: "the password of `Authorization: Basic`"
        case .header(let name): "the header `\(name)`"
        case .query(let name): "the query parameter `\(name)`"
        }
    }

    private static func libraries(_ entry: IntegrationEntry) -> String {
        var text = """
            ## Client libraries

            Here `token` is such a token. Nothing else in the app changes.
            """
        for sdk in entry.sdks {
            let lines = sdk.lines.map { $0.replacing("BASE", with: address(entry)) }
            text += """


                \(title(sdk.language)) (\(sdk.package)):

                ```\(sdk.language.rawValue)
                \(lines.joined(separator: "\n"))
                ```
                """
        }
        return text
    }

    private static func title(_ language: SDKGuide.Language) -> String {
        switch language {
        case .python: "Python"
        case .javascript: "JavaScript"
        }
    }

    private static func curl(_ entry: IntegrationEntry) -> String {
        let path = entry.calls.probe?.path ?? entry.calls.routes.first?.text ?? "/"
        // Any account will do: the gateway puts ours there.
        let target = address(entry) + path.replacing("{account}", with: "me")
        return """
            ## By hand

            ```
            curl -H "Authorization: Bearer $TOKEN" \\
                '\(target)'
            ```
            """
    }
}
