import Actors
import ArgumentParser
import Foundation

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the server.")

    @OptionGroup var options: ServeOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let loaded = try Settings.load(
            config: options.config, flags: options.values, environment: environment)
        let keys = try MasterKeys.load(environment: environment)
        try await Server.run(loaded.settings, keys: keys)
    }
}

struct Keygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a new APP_ENC_KEY. Keep it: without it the second factors are lost.")

    func run() { print(MasterKey.generate(random: SystemRandomSource())) }
}

struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Show every setting in force and where it came from, and what is wrong.")

    @OptionGroup var options: ServeOptions

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let loaded = try Settings.load(
            config: options.config, flags: options.values, environment: environment)
        let keys = try MasterKeys.load(environment: environment)
        _ = try loaded.settings.httpConfiguration()
        _ = try loaded.settings.catalog()
        let rows = loaded.rows.map { ["\($0.key.name) =", $0.shownText, "(\($0.origin))"] }
        let key = ["\(MasterKeys.variable) =", "set, id \(keys.current.shownID)", "(environment)"]
        let previous = keys.previous.map { key in
            ["\(MasterKeys.previousVariable) =", "set, id \(key.shownID)", "(environment)"]
        }
        print(TextTable(["setting", "value", "origin"], rows + [key] + previous).text)
    }
}

extension LoadedSettings.Row {
    fileprivate var shownText: String { text.isEmpty ? "\"\"" : text }
}

extension MasterKey {
    fileprivate var shownID: String { Hex.encode(id) }
}

struct OpenAPI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Print the API as an OpenAPI 3.1 document.")

    func run() async throws {
        FileHandle.standardOutput.write(Data(try Server.openAPIDocument()))
    }
}

struct PrintVersion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    func run() { print("countersign \(Version.text)") }
}
