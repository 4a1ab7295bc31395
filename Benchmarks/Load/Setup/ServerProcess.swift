import Foundation
import LoadCore

/// A server of the tool's own: started in a temporary data directory with a key of its own, ended
/// by its id, and gone with its data afterwards.
final class ServerProcess {
    let url: String
    private let process: Process
    private let directory: URL

    /// A graceful stop takes as long as what is under way, 10 s at the most, and a snapshot.
    private static let stopSecondsMax = 30.0

    var id: Int32 { process.processIdentifier }

    /// - Parameters:
    ///   - settings: variables beside those that every load needs.
    ///   - arguments: flags behind `serve`.
    init(
        _ binary: String, settings: [String: String], arguments: [String], connections: Int
    ) throws {
        directory = FileManager.default.temporaryDirectory.appending(
            path: "countersign-load-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let program = Self.program(binary)
        let key = try Self.output(of: program, "keygen")
        process = Process()
        process.executableURL = program
        process.arguments =
            ["serve", "--port", "0", "--data-dir", directory.appending(path: "data").path]
            + arguments
        process.environment = Self.environment(key, connections).merging(settings) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw LoadError.serverDidNotStart("\(binary): \(error.localizedDescription)")
        }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let found = line.firstMatch(of: /listening on (?<url>http:\/\/\S+)/) else {
            process.terminate()
            process.waitUntilExit()
            throw LoadError.serverDidNotStart("it said \(line.debugDescription)")
        }
        url = String(found.url)
        // Whatever else it prints must not fill the pipe.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    /// The caller's own settings would change the figures, so only the rest of the environment is
    /// handed on. Limits that protect a real installation would end a load.
    private static func environment(_ key: String, _ connections: Int) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("COUNTERSIGN_") && !$0.key.hasPrefix("APP_ENC_KEY")
        }
        environment["APP_ENC_KEY"] = key
        environment["COUNTERSIGN_LOG_ACCESS"] = "false"
        environment["COUNTERSIGN_PROBES_ENABLED"] = "false"
        environment["COUNTERSIGN_RATE_LIMITS_SIGN_IN_QUOTA"] = "unlimited"
        environment["COUNTERSIGN_RATE_LIMITS_REGISTRATION_QUOTA"] = "unlimited"
        environment["COUNTERSIGN_HTTP_CONNECTIONS_MAX"] = String(max(10_000, 2 * connections))
        return environment
    }

    /// A name without a slash is looked up as a shell would do it.
    private static func program(_ name: String) -> URL {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = name.contains("/") ? [] : path.split(separator: ":").map(String.init)
        let found = folders.map { URL(filePath: $0).appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return found ?? URL(filePath: name)
    }

    private static func output(of program: URL, _ argument: String) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = program
        process.arguments = [argument]
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw LoadError.serverDidNotStart("\(program.path): \(error.localizedDescription)")
        }
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func stop() {
        Signals.terminate(id)
        let deadline = Date(timeIntervalSinceNow: Self.stopSecondsMax)
        while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
        if process.isRunning {
            Progress.complain(
                "the server (pid \(id)) does not end; its data is in \(directory.path)")
            return
        }
        try? FileManager.default.removeItem(at: directory)
    }
}
