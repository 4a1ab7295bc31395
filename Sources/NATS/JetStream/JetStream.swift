import FoundationEssentials

/// The part of JetStream that a log needs. Whatever is asked goes to a stream's leader: a follower
/// may not know of the newest messages yet.
package struct JetStream: Sendable {
    package typealias Completion<Value> = @Sendable (Result<Value, JetStreamError>) -> Void

    package let client: NATSClient
    /// How long to wait for an answer.
    package var timeoutMilliseconds: UInt64

    private static let prefix = "$JS.API."

    package init(_ client: NATSClient, timeoutMilliseconds: UInt64 = 2000) {
        self.client = client
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    // MARK: Appending

    /// What an append asks the stream's leader to compare before it takes the message.
    package struct Expectation: Equatable, Sendable {
        package var stream: String
        /// The sequence that must be the stream's last, 0 for an empty one. Nil to append whatever
        /// there is.
        package var lastSequence: UInt64?
        /// A message with the same id within the duplicate window is not stored again.
        package var messageID: String?

        package init(stream: String, lastSequence: UInt64? = nil, messageID: String? = nil) {
            self.stream = stream
            self.lastSequence = lastSequence
            self.messageID = messageID
        }

        var headers: Headers {
            var headers: Headers = ["Nats-Expected-Stream": stream]
            // Zero is a sequence like any other: left out, the first append would have no fence.
            if let lastSequence { headers["Nats-Expected-Last-Sequence"] = "\(lastSequence)" }
            headers["Nats-Msg-Id"] = messageID
            return headers
        }
    }

    package func append(
        _ payload: [UInt8], to subject: String, expecting expectation: Expectation,
        completion: @escaping Completion<PublishAcknowledgement>
    ) {
        let publication = Publication(subject, headers: expectation.headers, payload: payload)
        ask(publication, completion)
    }

    package func append(
        _ payload: [UInt8], to subject: String, expecting expectation: Expectation
    ) async throws(JetStreamError) -> PublishAcknowledgement {
        try await waiting { append(payload, to: subject, expecting: expectation, completion: $0) }
    }

    // MARK: Messages

    /// Asks the stream's leader for one message.
    package func message(
        _ sequence: UInt64, of stream: String, completion: @escaping Completion<StoredMessage>
    ) {
        ask("STREAM.MSG.GET.\(stream)", ["seq": sequence], StoredMessageAnswer.self) { answer in
            completion(answer.flatMap { $0.storedResult })
        }
    }

    package func message(
        _ sequence: UInt64, of stream: String
    ) async throws(JetStreamError) -> StoredMessage {
        try await waiting { message(sequence, of: stream, completion: $0) }
    }

    package func lastMessage(
        on subject: String, of stream: String, completion: @escaping Completion<StoredMessage>
    ) {
        ask(
            "STREAM.MSG.GET.\(stream)", ["last_by_subj": subject], StoredMessageAnswer.self
        ) { answer in completion(answer.flatMap { $0.storedResult }) }
    }

    package func lastMessage(
        on subject: String, of stream: String
    ) async throws(JetStreamError) -> StoredMessage {
        try await waiting { lastMessage(on: subject, of: stream, completion: $0) }
    }

    /// The first message of a subject with at least that sequence.
    package func nextMessage(
        on subject: String, from sequence: UInt64, of stream: String
    ) async throws(JetStreamError) -> StoredMessage {
        struct Question: Encodable {
            var seq: UInt64
            var next_by_subj: String
        }
        let question = Question(seq: sequence, next_by_subj: subject)
        return try await waiting { completion in
            ask("STREAM.MSG.GET.\(stream)", question, StoredMessageAnswer.self) { answer in
                completion(answer.flatMap { $0.storedResult })
            }
        }
    }

    // MARK: Streams

    package func info(
        of stream: String, completion: @escaping Completion<StreamInfo>
    ) {
        ask("STREAM.INFO.\(stream)", Nothing?.none, StreamInfo.self, completion)
    }

    package func info(of stream: String) async throws(JetStreamError) -> StreamInfo {
        try await waiting { info(of: stream, completion: $0) }
    }

    package func create(
        _ configuration: StreamConfiguration
    ) async throws(JetStreamError) -> StreamInfo {
        try await waiting {
            ask("STREAM.CREATE.\(configuration.name)", configuration, StreamInfo.self, $0)
        }
    }

    package func update(
        _ configuration: StreamConfiguration
    ) async throws(JetStreamError) -> StreamInfo {
        try await waiting {
            ask("STREAM.UPDATE.\(configuration.name)", configuration, StreamInfo.self, $0)
        }
    }

    package func delete(_ stream: String) async throws(JetStreamError) {
        _ = try await waiting {
            ask("STREAM.DELETE.\(stream)", Nothing?.none, PlainAnswer.self, $0)
        }
    }

    /// Removes every message before `sequence`, which becomes the first.
    package func purge(
        _ stream: String, before sequence: UInt64, subject: String? = nil
    ) async throws(JetStreamError) -> UInt64 {
        struct Question: Encodable {
            var seq: UInt64
            var filter: String?
        }
        let question = Question(seq: sequence, filter: subject)
        return try await waiting { completion in
            ask("STREAM.PURGE.\(stream)", question, PurgeAnswer.self, completion)
        }.purged
    }

    /// Has the stream's leader hand over to another server, `preferred` if that is possible.
    package func stepDown(
        _ stream: String, preferred: String? = nil,
        completion: @escaping Completion<Void>
    ) {
        struct Placement: Encodable { var preferred: String }
        struct Question: Encodable { var placement: Placement }
        let question = preferred.map { Question(placement: Placement(preferred: $0)) }
        ask("STREAM.LEADER.STEPDOWN.\(stream)", question, PlainAnswer.self) { answer in
            completion(answer.map { _ in })
        }
    }

    package func stepDown(
        _ stream: String, preferred: String? = nil
    ) async throws(JetStreamError) {
        try await waiting { stepDown(stream, preferred: preferred, completion: $0) }
    }

    // MARK: Consumers

    func createConsumer(
        _ request: ConsumerRequest, completion: @escaping Completion<ConsumerInfo>
    ) {
        ask(
            "CONSUMER.CREATE.\(request.streamName).\(request.config.name)", request,
            ConsumerInfo.self, completion)
    }

    func deleteConsumer(_ name: String, of stream: String) {
        ask("CONSUMER.DELETE.\(stream).\(name)", Nothing?.none, PlainAnswer.self) { _ in
            // One that is gone already, or that nobody hears of, goes by itself.
        }
    }

    // MARK: Asking

    private struct Nothing: Encodable {}

    private func ask<Answer: Decodable & SendableMetatype>(
        _ operation: String, _ question: (some Encodable)?, _ type: Answer.Type,
        _ completion: @escaping Completion<Answer>
    ) {
        var payload: [UInt8] = []
        if let question {
            // Questions are made of strings and integers, which always have a form in JSON.
            guard let data = try? JSONEncoder().encode(question) else { preconditionFailure() }
            payload = Array(data)
        }
        ask(Publication(Self.prefix + operation, payload: payload), completion)
    }

    private func ask<Answer: Decodable & SendableMetatype>(
        _ publication: Publication, _ completion: @escaping Completion<Answer>
    ) {
        client.request(publication, timeoutMilliseconds: timeoutMilliseconds) { result in
            completion(
                result.mapError { .transport($0) }.flatMap { message in
                    do throws(JetStreamError) {
                        return .success(try AnswerReader.read(Answer.self, from: message.payload))
                    } catch {
                        return .failure(error)
                    }
                })
        }
    }

    private func waiting<Value: Sendable>(
        _ body: (@escaping Completion<Value>) -> Void
    ) async throws(JetStreamError) -> Value {
        let result: Result<Value, JetStreamError> = await withCheckedContinuation { continuation in
            body { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}

extension StoredMessageAnswer {
    fileprivate var storedResult: Result<StoredMessage, JetStreamError> {
        do throws(JetStreamError) {
            return .success(try stored())
        } catch {
            return .failure(error)
        }
    }
}
