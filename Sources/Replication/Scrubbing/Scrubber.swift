import NATS
package import Persistence

/// Looks at every server's copy of a shard's stream. Followers read one copy only, so the others
/// could rot unseen until they are needed.
///
/// What is found is for a person: the engine has no way to have one copy made anew from outside.
package struct Scrubber: Sendable {
    package struct Finding: Equatable, Sendable {
        package let shard: ShardID
        /// The engine's server, by its name.
        package let server: String
        package let sequence: UInt64
        package let reason: String

        package init(shard: ShardID, server: String, sequence: UInt64, reason: String) {
            self.shard = shard
            self.server = server
            self.sequence = sequence
            self.reason = reason
        }
    }

    package struct Report: Equatable, Sendable {
        package var serversRead: Set<String> = []
        /// Servers that keep the stream and could not be read.
        package var serversMissed: Set<String> = []
        package var messages = 0
        package var findings: [Finding] = []

        package init() {}
    }

    private let log: JetStreamLog

    /// The engine chooses the server of each consumer by chance: with three of them the third is
    /// still unread after so many in one of ten thousand rounds.
    private static let consumersMax = 25

    package init(_ log: JetStreamLog) { self.log = log }

    /// Reads what came after the older snapshot, from each server that keeps the stream.
    ///
    /// - Throws: when the engine does not answer.
    package func scrub(_ shard: ShardID) async throws -> Report {
        let driver = log.driver(shard)
        // What a follower has verified is in the stream; a copy that lacks it is behind at most.
        guard let end = driver.status?.sequence else { return Report() }
        var base = try await beginning(driver)
        var report = Report()
        report.serversMissed = try await servers(of: driver.names.stream)
        for _ in 0..<Self.consumersMax where !report.serversMissed.isEmpty && !Task.isCancelled {
            let reader = CopyReader(
                log.jetStream, stream: driver.names.stream,
                CopyCheck(driver.place, after: base, through: end))
            let outcome = await reader.read(after: base.sequence, unwanted: report.serversRead)
            guard case .read(let server, let verdict, let messages) = outcome else { continue }
            if verdict != .whole {
                // What was trimmed meanwhile is not missing: read again, from where it begins now.
                let now = try await beginning(driver)
                guard now == base else {
                    base = now
                    continue
                }
            }
            report.serversRead.insert(server)
            report.serversMissed.remove(server)
            report.messages += messages
            if case .damaged(let sequence, let reason) = verdict {
                let finding = Finding(
                    shard: shard, server: server, sequence: sequence, reason: reason)
                report.findings.append(finding)
            }
        }
        return report
    }

    /// Nothing after the older snapshot is trimmed while it is the older one.
    private func beginning(_ driver: ShardDriver) async throws(JetStreamError) -> ReplicaTail {
        try await driver.snapshots.manifests().first?.tail ?? ReplicaTail()
    }

    /// Those that are up and up to date: another one can't have what is asked for.
    private func servers(of stream: String) async throws(JetStreamError) -> Set<String> {
        let cluster = try await log.jetStream.info(of: stream).cluster
        let others = (cluster?.replicas ?? []).filter { $0.isCurrent && $0.isOffline != true }
        return Set(others.map(\.name) + [cluster?.leader].compactMap(\.self))
    }
}

extension Scrubber.Finding: CustomStringConvertible {
    package var description: String {
        "shard \(shard): the copy of the NATS server \(server) is damaged at message \(sequence) "
            + "(\(reason)). Others have it. Stop that server, remove its folder of the stream "
            + "\(StreamNames(shard).stream), and start it again: it copies the stream anew"
    }
}
