import FoundationEssentials

/// That an append is on a majority of disks.
package struct PublishAcknowledgement: Decodable, Equatable, Sendable {
    package var stream: String
    package var sequence: UInt64
    /// A message with this id was there already, at `sequence`.
    package var isDuplicate: Bool

    private enum CodingKeys: String, CodingKey {
        case stream
        case sequence = "seq"
        case isDuplicate = "duplicate"
    }

    package init(stream: String, sequence: UInt64, isDuplicate: Bool = false) {
        self.stream = stream
        self.sequence = sequence
        self.isDuplicate = isDuplicate
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        stream = try container.decode(String.self, forKey: .stream)
        sequence = try container.decode(UInt64.self, forKey: .sequence)
        isDuplicate = try container.decodeIfPresent(Bool.self, forKey: .isDuplicate) ?? false
    }
}

package struct StreamState: Decodable, Equatable, Sendable {
    package var messages: UInt64
    package var bytes: UInt64
    package var firstSequence: UInt64
    package var lastSequence: UInt64
    package var deletedCount: UInt64?

    private enum CodingKeys: String, CodingKey {
        case messages, bytes
        case firstSequence = "first_seq"
        case lastSequence = "last_seq"
        case deletedCount = "num_deleted"
    }
}

/// One of the servers that keep a stream, beside its leader.
package struct StreamPeer: Decodable, Equatable, Sendable {
    package var name: String
    package var isCurrent: Bool
    package var isOffline: Bool?

    private enum CodingKeys: String, CodingKey {
        case name
        case isCurrent = "current"
        case isOffline = "offline"
    }
}

package struct StreamCluster: Decodable, Equatable, Sendable {
    package var leader: String?
    package var replicas: [StreamPeer]?
}

package struct StreamInfo: Decodable, Equatable, Sendable {
    package var config: StreamConfiguration
    package var state: StreamState
    package var cluster: StreamCluster?
}

package struct ConsumerInfo: Decodable, Equatable, Sendable {
    package var name: String
    package var cluster: StreamCluster?
}

/// A message as a stream keeps it.
package struct StoredMessage: Equatable, Sendable {
    package var sequence: UInt64
    package var subject: String
    package var headers: Headers?
    package var payload: [UInt8]

    package init(
        sequence: UInt64, subject: String, headers: Headers? = nil, payload: [UInt8]
    ) {
        self.sequence = sequence
        self.subject = subject
        self.headers = headers
        self.payload = payload
    }
}

/// The API's answer to a question for one message: header block and payload are in base 64.
struct StoredMessageAnswer: Decodable {
    struct Content: Decodable {
        var subject: String
        var seq: UInt64
        var hdrs: Data?
        var data: Data?
    }

    var message: Content

    func stored() throws(JetStreamError) -> StoredMessage {
        var headers: Headers?
        if let bytes = message.hdrs, !bytes.isEmpty {
            do throws(ProtocolError) {
                headers = try Headers(parsing: bytes)
            } catch {
                throw .malformed("\(error)")
            }
        }
        return StoredMessage(
            sequence: message.seq, subject: message.subject, headers: headers,
            payload: Array(message.data ?? Data()))
    }
}

/// What is in every answer of the API when it is no success.
struct ErrorAnswer: Decodable {
    var error: APIError?
}

struct PurgeAnswer: Decodable {
    var purged: UInt64
}

/// Stepping down and deleting only say that it happened.
struct PlainAnswer: Decodable {
    var success: Bool?
}

enum AnswerReader {
    static func read<Answer: Decodable & SendableMetatype>(
        _ type: Answer.Type, from payload: [UInt8]
    ) throws(JetStreamError) -> Answer {
        let decoder = JSONDecoder()
        let data = Data(payload)
        let failure: APIError?
        do {
            failure = try decoder.decode(ErrorAnswer.self, from: data).error
        } catch {
            throw .malformed("\(error)")
        }
        if let failure { throw .api(failure) }
        do {
            return try decoder.decode(Answer.self, from: data)
        } catch {
            throw .malformed("\(error)")
        }
    }
}
