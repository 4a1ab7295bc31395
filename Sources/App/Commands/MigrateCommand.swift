import ArgumentParser
import Foundation
import Logging

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Move a stopped server's data into a cluster, or a stopped cluster's back.",
        discussion: """
            Needs the settings that a server of the cluster has, and the data directory: the one \
            to move from, or one that is empty or not there. What the data is moved from stays as \
            it is; do not serve from it afterwards, or there are two truths. A cluster's servers \
            refuse to; --undo lets them start again.
            """)

    enum Target: String, ExpressibleByArgument {
        case cluster
        case directory
    }

    @OptionGroup var data: DataOptions
    @Option(help: "Where to: cluster or directory.")
    var to: Target
    @Flag(help: "With --to directory: let the cluster's servers start again. Moves nothing.")
    var undo = false

    func validate() throws {
        guard !undo || to == .directory else {
            throw ValidationError("--undo goes with --to directory.")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try Settings.load(
            config: data.config, flags: data.values, environment: environment
        ).settings
        guard settings.cluster.isOn else {
            throw SettingsError(
                "cluster.servers", origin: "default", "There is no cluster to move to or from.",
                fix: "Set it as the servers of the cluster have it; docs/cluster.md has how.")
        }
        let keys = try MasterKeys.load(environment: environment)
        let logger = Logger(label: "countersign") { StreamLogHandler.standardError(label: $0) }
        switch to {
        case .cluster:
            try await moveIn(Migration(settings: settings, keys: keys, logger: logger))
        case .directory:
            let migration = MigrationToDirectory(
                settings: settings, keys: keys, logger: logger)
            if undo { try await open(migration) } else { try await moveBack(migration) }
        }
    }

    private func moveIn(_ migration: Migration) async throws {
        let summary = try await migration.run()
        let records = summary.reduce(0, +)
        print(
            "Done: \(summary.count) shards, \(records) records. Start the servers of the cluster "
                + "now, and none on \(migration.settings.dataDirectory) without it.")
    }

    private func moveBack(_ migration: MigrationToDirectory) async throws {
        let summary = try await migration.run()
        let directory = migration.settings.dataDirectory
        print(
            "Done: \(summary.shardCount) shards, \(summary.records) records, \(summary.replayed) "
                + "of them behind the snapshots. Start a server on \(directory) now, without "
                + "cluster: in its settings; those of the cluster refuse to start.")
    }

    private func open(_ migration: MigrationToDirectory) async throws {
        try await migration.undo()
        print(
            "Done: the cluster's servers may start again. Serve from no directory that it was "
                + "moved into.")
    }
}
