import Actors
import Testing

@testable import App

/// Catalogues of one entry, and the one that is shipped.
enum CatalogUnderTest {
    /// Those of the contract, in its order.
    static let ids = [
        "twilio", "alpaca", "alpaca-data", "polygon", "finnhub", "openai", "anthropic", "newsapi",
        "fred",
    ]

    static func shipped() throws -> IntegrationCatalog { try loaded.get() }

    /// Read once for all tests: it is long.
    private static let loaded = Result {
        try IntegrationCatalog.load(yaml: Assets.integrationsYAML, file: "integrations.yaml")
    }

    static func shipped(_ id: String) throws -> IntegrationEntry {
        try #require(shipped().entries.first { $0.id.text == id }, "there is no \(id)")
    }

    /// The least that an entry needs, key by key.
    static let smallest = [
        ("id", "acme"), ("name", "Acme"), ("about", "Anvils."), ("category", "llm"),
        ("base_url", "https://api.acme.example"), ("key_url", "https://acme.example/keys"),
        ("env", "[{name: ACME_KEY, kind: opaque, about: the key}]"),
        ("credentials_out", "[{bearer: ACME_KEY}]"), ("routes", "[/v1/anvils]"),
    ]

    /// The smallest entry with some keys changed, added, or left out where the value is nil. Each
    /// key has its own line: `id` stands in line 4.
    static func yaml(_ changes: [(key: String, value: String?)] = []) -> String {
        var keys = smallest.map { (key: $0.0, value: Optional($0.1)) }
        for change in changes {
            if let index = keys.firstIndex(where: { $0.key == change.key }) {
                keys[index] = change
            } else {
                keys.append(change)
            }
        }
        let lines = keys.compactMap { key, value in value.map { "    \(key): \($0)" } }
        return "version: 1\nintegrations:\n  -\n" + lines.joined(separator: "\n") + "\n"
    }

    static func entry(_ changes: [(key: String, value: String?)]) throws -> IntegrationEntry {
        let catalog = try IntegrationCatalog.load(yaml: yaml(changes), file: "c.yaml")
        return try #require(catalog.entries.first)
    }

    static func error(yaml: String) -> CatalogError? {
        do {
            _ = try IntegrationCatalog.load(yaml: yaml, file: "c.yaml")
            return nil
        } catch {
            return error
        }
    }
}
