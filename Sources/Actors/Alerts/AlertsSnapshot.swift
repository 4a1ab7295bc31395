package import Persistence

/// One item of the alerts part of a snapshot: a tag and what belongs to it.
enum AlertsItem: Sendable {
    case underWay(UInt64, SMSAttempt)
    case key(SendKeyIndex.Entry)
    case message(SMSMessage)
    case test(SendWindow<UserID>.Send)
    case number(SendWindow<KeyedHash>.Send)
    case optOut(KeyedHash, until: Timestamp)
    case token(KeyedHash)

    /// Numbers on disk; never reused.
    private enum Tag: UInt8 {
        case underWay = 1
        case key = 2
        case message = 3
        case test = 4
        case number = 5
        case optOut = 6
        case token = 7
    }

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .underWay(let number, let attempt):
            writer.write(Tag.underWay.rawValue)
            writer.write(number)
            writer.write(attempt)
        case .key(let entry):
            writer.write(Tag.key.rawValue)
            writer.write(entry.name)
            writer.write(entry.request)
            writer.write(entry.attempt)
            writer.write(entry.at)
            writer.writeOptional(entry.answer) { $0.write($1) }
        case .message(let message):
            writer.write(Tag.message.rawValue)
            writer.write(message)
        case .test(let send):
            writer.write(Tag.test.rawValue)
            writer.write(send.key)
            writer.write(send.at)
        case .number(let send):
            writer.write(Tag.number.rawValue)
            writer.write(send.key)
            writer.write(send.at)
        case .optOut(let recipient, let until):
            writer.write(Tag.optOut.rawValue)
            writer.write(recipient)
            writer.write(until)
        case .token(let token):
            writer.write(Tag.token.rawValue)
            writer.write(token)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFault) {
        let byte = try reader.read(UInt8.self)
        guard let tag = Tag(rawValue: byte) else { throw .invalidValue("alerts item \(byte)") }
        switch tag {
        case .underWay:
            let number = try reader.read(UInt64.self)
            self = .underWay(number, try reader.readSMSAttempt())
        case .key:
            let name = try reader.readKeyedHash()
            let request = try reader.readKeyedHash()
            let attempt = try reader.read(UInt64.self)
            let at = try reader.readTimestamp()
            self = .key(
                SendKeyIndex.Entry(
                    name: name, request: request, attempt: attempt, at: at,
                    answer: try reader.readBool() ? try reader.readSMSAnswer() : nil))
        case .message:
            self = .message(try reader.readSMSMessage())
        case .test:
            let user = try reader.readUserID()
            self = .test(SendWindow.Send(key: user, at: try reader.readTimestamp()))
        case .number:
            let number = try reader.readKeyedHash()
            self = .number(SendWindow.Send(key: number, at: try reader.readTimestamp()))
        case .optOut:
            let recipient = try reader.readKeyedHash()
            self = .optOut(recipient, until: try reader.readTimestamp())
        case .token:
            self = .token(try reader.readKeyedHash())
        }
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ message: SMSMessage) {
        write(message.attempt)
        writeOptional(message.providerMessageID) { $0.write($1) }
        write(message.status.rawValue)
        writeOptional(message.row) { $0.write($1) }
        write(message.at)
        write(message.updatedAt)
        write(message.trace)
        write(message.isTest)
        writeOptional(message.errorCode) { $0.write($1) }
    }
}

extension ByteReader {
    fileprivate mutating func readSMSMessage() throws(DecodingFault) -> SMSMessage {
        let attempt = try read(UInt64.self)
        let id = try readOptionalString()
        let status = try readSMSStatus()
        let row = try readBool() ? try read(UInt64.self) : nil
        let at = try readTimestamp()
        let updatedAt = try readTimestamp()
        let trace = try readTraceID()
        let isTest = try readBool()
        return SMSMessage(
            attempt: attempt, providerMessageID: id, status: status, row: row, at: at,
            updatedAt: updatedAt, trace: trace, isTest: isTest,
            errorCode: try readOptionalString())
    }
}

extension AlertsState {
    /// The whole state as parts of a snapshot, encoded later, while the actor goes on.
    package func snapshotParts(shard: ShardID) -> [SnapshotPart] {
        let begun = underWay.sorted { $0.key < $1.key }
        func part<Items: Collection & Sendable>(
            _ items: Items, _ item: @escaping @Sendable (Items.Element) -> AlertsItem?
        ) -> SnapshotPart where Items.Index: Sendable {
            ChunkSource(items) { item($1)?.encode(into: &$0) }
                .part(kind: .alerts, shard: shard, appliedRecord: appliedRecord)
        }
        return [
            part(begun) { .underWay($0.key, $0.value) },
            part(history.messages) { .message($0) },
            part(tests.sends) { .test($0) },
            part(numbers.sends) { .number($0) },
            part(optOuts) { .optOut($0.key, until: $0.value) },
            part(tokens) { .token($0) },
            part(keys.order) { [keys] in keys.entry(at: $0).map(AlertsItem.key) },
        ]
    }
}
