import Foundation

@testable import App

/// Loads settings from texts, as the commands do from a real file, environment and flags.
enum ConfigurationUnderTest {
    /// - Parameter yaml: becomes a file of its own, which is gone afterwards.
    static func load(
        yaml: String? = nil, environment: [String: String] = [:], flags: [String: String] = [:]
    ) throws -> LoadedSettings {
        guard let yaml else {
            return try Settings.load(config: nil, flags: flags, environment: environment)
        }
        return try withFile(Data(yaml.utf8)) { path in
            try Settings.load(config: path, flags: flags, environment: environment)
        }
    }

    /// What is wrong; empty when nothing is.
    static func problems(
        yaml: String? = nil, environment: [String: String] = [:], flags: [String: String] = [:]
    ) throws -> [SettingsError.Problem] {
        do {
            _ = try load(yaml: yaml, environment: environment, flags: flags)
            return []
        } catch let error as SettingsError {
            return error.problems
        }
    }

    static func withFile<Result>(
        _ content: Data, _ body: (_ path: String) throws -> Result
    ) throws -> Result {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "settings-\(UUID().uuidString).yaml")
        try content.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file.path)
    }
}

extension LoadedSettings {
    /// The row of a setting; nil when the table has no such name.
    func row(_ name: String) -> Row? { rows.first { $0.key.name == name } }
}
