import ArgumentParser
import Foundation
import Persistence

/// Where the data is, for commands that open it without the server's settings: a broken
/// configuration must not stand between an operator and the data.
extension DataOptions {
    func directory() throws -> String {
        if let dataDir { return dataDir }
        let environment = ProcessInfo.processInfo.environment
        return try Settings.load(config: config, flags: values, environment: environment)
            .settings.dataDirectory
    }
}

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every byte of a data directory, without changing one.",
        discussion: """
            Reads the manifest, every frame of the log and every snapshot, follows their checksums \
            and chains, and decodes every record. No key is needed. Ends with 0 when all is whole, \
            with 65 when something is not, and with 73 beside a running server: make a backup then \
            and check that with --backup.
            """)

    @OptionGroup var data: DataOptions
    @Flag(help: "Answer in JSON.")
    var json = false
    @Option(help: "Check this backup instead of a directory.")
    var backup: String?

    func run() throws {
        let path = try backup ?? data.directory()
        let start = ContinuousClock.now
        let verification: Verification
        do throws(StorageError) {
            let disk = POSIXFileSystem()
            verification =
                if let backup {
                    try Backup(backup, in: disk).verify(decoder: .everything)
                } else {
                    try Verification(path, in: disk, decoder: .everything)
                }
        } catch {
            throw backup == nil
                ? OperatorFailure(reading: error, in: path) : BackupFailure.of(error, in: path)
        }
        try Self.report(
            VerificationReport(
                verification: verification, path: path, seconds: Seconds.since(start)),
            json: json)
    }

    static func report(_ report: VerificationReport, json: Bool) throws {
        if json {
            print(OperatorReply.done(report.json, "").json)
        } else {
            print(report.table)
            print(report.summary)
        }
        guard report.verification.isWhole else {
            throw OperatorFailure(status: .corruptData, text: report.findings)
        }
    }
}

extension OperatorFailure {
    /// A directory that can't be looked into at all.
    init(reading error: StorageError, in path: String) {
        switch error {
        case .locked(_, let pid):
            self.init(
                status: .dataInUse,
                text: "The data directory \(path) is in use"
                    + "\(pid.map { " by process \($0)" } ?? "").\n"
                    + DataAdvice.fix(for: error, in: path))
        case .corrupt, .missing, .futureVersion:
            self.init(
                status: .corruptData,
                text: DataAdvice.text(of: error, in: path) + ".\n"
                    + DataAdvice.fix(for: error, in: path))
        case .system:
            let (status, text) = ExitStatus.of(error)
            self.init(status: status, text: text)
        }
    }
}

/// How long something took.
enum Seconds {
    static func since(_ start: ContinuousClock.Instant) -> Double {
        let components = (ContinuousClock.now - start).components
        return Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
