import Actors
import ArgumentParser
import Foundation
import Persistence

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write accounts, events, tokens, activities and messages as lines of JSON.",
        discussion: """
            Goes to standard output, one object a line: {"user": …}, {"event": …}, {"token": …}, \
            {"activity": …}, {"message": …}. No secret and no hash is in it, and no key is needed. \
            Beside a running server it tells of the moment at which the command began.
            """)

    @OptionGroup var data: DataOptions
    @Option(help: "What to write, separated by commas (default: everything).")
    var what: String?

    private func wanted() throws -> [Exporter.What] {
        guard let what else { return Exporter.What.allCases }
        return try what.split(separator: ",").map { part in
            guard let known = Exporter.What(rawValue: String(part)) else {
                let all = Exporter.What.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("There is no \(part) to export; there are \(all).")
            }
            return known
        }
    }

    func validate() throws { _ = try wanted() }

    func run() async throws {
        let settings = try Settings.load(
            config: data.config, flags: data.values,
            environment: ProcessInfo.processInfo.environment
        ).settings
        let opened = try await DataReader.open(settings.dataDirectory, fresh: false)
        let counts = try await write(opened.log, settings)
        FileHandle.standardError.write(Data("exported \(counts)\n".utf8))
    }

    /// - Returns: how many of each, for people.
    private func write(_ log: FrozenLog, _ settings: Settings) async throws -> String {
        let wanted = try wanted()
        return try await BackgroundThread.run {
            let state = try RecoveredState.recover(
                shardCount: log.shardCount, snapshot: log.snapshots.last,
                usage: UsageState(
                    integrations: [], ringEvents: settings.usageRingEvents,
                    dedupKeysMax: settings.usageDedupKeysMax),
                read: log.read)
            let output = LineOutput(.standardOutput)
            let exporter = Exporter(
                state: state, ringEvents: settings.usageRingEvents, output: output)
            let counts = try wanted.map { what in
                "\(try exporter.write(what)) \(what.rawValue)"
            }
            try output.flush()
            return counts.joined(separator: ", ")
        }
    }
}
