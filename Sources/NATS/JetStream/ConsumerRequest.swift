/// What a consumer is made with that delivers a stream in order: no acknowledgements, one replica
/// in memory, gone by itself when nobody listens.
struct ConsumerRequest: Encodable, Equatable {
    struct Settings: Encodable, Equatable {
        var name: String
        var deliverSubject: String
        var deliverPolicy = "by_start_sequence"
        var startSequence: UInt64
        var filterSubject: String?
        var ackPolicy = "none"
        var maxDeliver = 1
        var hasFlowControl = true
        /// Nanoseconds, like the next one.
        var idleHeartbeat = UInt64(OrderedConsumer.heartbeatMilliseconds) * 1_000_000
        var inactiveThreshold = UInt64(5_000_000_000)
        var replicas = 1
        var isInMemory = true

        private enum CodingKeys: String, CodingKey {
            case name
            case deliverSubject = "deliver_subject"
            case deliverPolicy = "deliver_policy"
            case startSequence = "opt_start_seq"
            case filterSubject = "filter_subject"
            case ackPolicy = "ack_policy"
            case maxDeliver = "max_deliver"
            case hasFlowControl = "flow_control"
            case idleHeartbeat = "idle_heartbeat"
            case inactiveThreshold = "inactive_threshold"
            case replicas = "num_replicas"
            case isInMemory = "mem_storage"
        }
    }

    var streamName: String
    var config: Settings

    private enum CodingKeys: String, CodingKey {
        case config
        case streamName = "stream_name"
    }
}

/// What the reply subject of a delivered message says:
/// `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, with a
/// domain and an account before the stream in newer servers.
package struct DeliveryPlace: Equatable, Sendable {
    package let streamSequence: UInt64
    package let consumerSequence: UInt64
    package let pending: UInt64

    private static let shortParts = 9
    private static let longParts = 11

    package init?(reply: String) {
        let parts = reply.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == Self.shortParts || parts.count >= Self.longParts,
            parts[0] == "$JS", parts[1] == "ACK"
        else { return nil }
        let start = parts.count == Self.shortParts ? 4 : 6
        guard let stream = UInt64(parts[start + 1]), let consumer = UInt64(parts[start + 2]),
            let pending = UInt64(parts[start + 4])
        else { return nil }
        streamSequence = stream
        consumerSequence = consumer
        self.pending = pending
    }
}
