package import Persistence
import Synchronization

/// What is known of the copies that the engine's servers keep of each shard.
package final class CopyStandings: Sendable {
    package struct Standing: Equatable, Sendable {
        /// Unix seconds.
        package let scrubbedAtSeconds: Int64
        package let report: Scrubber.Report

        package init(scrubbedAtSeconds: Int64, report: Scrubber.Report) {
            self.scrubbedAtSeconds = scrubbedAtSeconds
            self.report = report
        }
    }

    private let standings = Mutex<[ShardID: Standing]>([:])

    package init() {}

    package func record(_ standing: Standing, of shard: ShardID) {
        standings.withLock { $0[shard] = standing }
    }

    /// Another server looks after these shards now, and its word counts.
    package func forget(_ isAnothers: (ShardID) -> Bool) {
        standings.withLock { $0 = $0.filter { !isAnothers($0.key) } }
    }

    package var all: [ShardID: Standing] { standings.withLock { $0 } }

    /// In the order of the shards.
    package var findings: [Scrubber.Finding] {
        all.sorted { $0.key < $1.key }.flatMap(\.value.report.findings)
    }
}
