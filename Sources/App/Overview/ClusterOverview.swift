import Persistence
import Replication

/// Whose each shard of a cluster is, as this server knows it from the shards' streams.
struct ClusterOverview: Sendable, Equatable {
    /// What this server can say of a shard.
    enum Standing: String, CaseIterable, Sendable {
        /// This server serves it.
        case here
        /// Another one does.
        case elsewhere
        /// Nobody does for the moment, or it is changing hands.
        case moving
        /// Its stream can't be followed; the server's log has the reason.
        case stopped
    }

    struct Shard: Sendable, Equatable {
        let standing: Standing
        /// Where the owner can be reached; empty when it is not known.
        var owner = ""
        /// How often the shard has changed hands.
        var epoch: UInt64 = 0
        /// The stream takes nothing more.
        var isFull = false
    }

    /// The place in the list is the shard's number.
    let shards: [Shard]
    let thisServer: String
    /// Of the shards that are here.
    let damagedCopies: [Scrubber.Finding]

    init(shards: [Shard], thisServer: String, damagedCopies: [Scrubber.Finding] = []) {
        self.shards = shards
        self.thisServer = thisServer
        self.damagedCopies = damagedCopies
    }

    init(_ log: JetStreamLog) {
        shards = log.statuses.map { Shard($0) }
        thisServer = log.settings.address
        damagedCopies = log.copies.findings
    }

    var isFull: Bool { shards.contains(where: \.isFull) }

    /// Shards that need a person.
    var stopped: [Int] { shards.indices.filter { shards[$0].standing == .stopped } }
}

extension ClusterOverview.Shard {
    init(_ status: ShardStatus?) {
        guard let status else {
            self.init(standing: .moving)
            return
        }
        let standing: ClusterOverview.Standing =
            switch status.role {
            case .owning: .here
            case .following: status.address.isEmpty ? .moving : .elsewhere
            case .claiming, .releasing: .moving
            case .ended: .stopped
            }
        self.init(
            standing: standing, owner: status.address, epoch: status.epoch, isFull: status.isFull)
    }
}

extension ClusterOverview {
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("this_server", thisServer)
        json.key("shards")
        json.beginArray()
        for (number, shard) in shards.enumerated() {
            json.beginObject()
            json.member("shard", number)
            json.member("standing", shard.standing.rawValue)
            json.member("owner", shard.owner.isEmpty ? nil : shard.owner)
            json.member("epoch", shard.epoch)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    static let schema = Schema.object([
        .init("this_server", .string()),
        .init(
            "shards",
            .array(
                .object([
                    .init("shard", .integer),
                    .init("standing", .enumeration(Standing.allCases.map(\.rawValue))),
                    .init("owner", .nullable(.string()), note: "The owner's address."),
                    .init("epoch", .integer, note: "How often the shard has changed hands."),
                ]))),
    ])
}
