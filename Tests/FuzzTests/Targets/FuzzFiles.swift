@testable import App

/// What an operator writes.
enum FuzzFiles {
    static func catalog(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let catalog = try? IntegrationCatalog.load(yaml: text, file: "fuzz") else { return }
        require(Set(catalog.ids).count == catalog.ids.count, "no integration is there twice")
        for entry in catalog.entries {
            require(!entry.variables.flatMap(\.names).contains(""), "each variable has a name")
        }
    }

    static func settings(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let entries = try? YAMLSettings.entries(of: text, file: "fuzz") else { return }
        require(Set(entries.map(\.name)).count == entries.count, "no setting is there twice")
    }
}
