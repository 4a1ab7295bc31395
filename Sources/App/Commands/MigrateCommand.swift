import ArgumentParser
import Foundation
import Logging

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Move a stopped server's data into the log of an empty cluster.",
        discussion: """
            Needs the settings that a server of the cluster has, and the data directory. Nothing \
            in the directory changes; do not serve from it afterwards, or there are two truths.
            """)

    enum Target: String, ExpressibleByArgument {
        case cluster
    }

    @OptionGroup var data: DataOptions
    @Option(help: "Where to: cluster.")
    var to: Target

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try Settings.load(
            config: data.config, flags: data.values, environment: environment
        ).settings
        guard settings.cluster.isOn else {
            throw SettingsError(
                "cluster.servers", origin: "default", "There is no cluster to move to.",
                fix: "Set it as the servers of the cluster have it; docs/cluster.md has how.")
        }
        let logger = Logger(label: "countersign") { StreamLogHandler.standardError(label: $0) }
        let summary = try await Migration(
            settings: settings, keys: try MasterKeys.load(environment: environment), logger: logger
        ).run()
        let records = summary.reduce(0, +)
        print(
            "Done: \(summary.count) shards, \(records) records. Start the servers of the cluster "
                + "now, and none on \(settings.dataDirectory) without it.")
    }
}
