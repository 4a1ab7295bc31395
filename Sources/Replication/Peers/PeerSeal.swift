package import Crypto
import Persistence
import Synchronization

/// Seals what servers say to each other: NATS carries it, and can neither read nor change it, nor
/// deliver it to another server, as another's answer, twice or much later.
///
/// AES-256-GCM (NIST SP 800-38D) under a key of the sender's own, which both sides derive from the
/// key of the cluster. A sender lives from its start to its end and counts its messages, so no
/// nonce is used twice, however many there are (§8.2.1); random ones would run out in days.
/// Associated are the header and, for a question, the subject that it was sent to; for an answer,
/// the header of its question.
package final class PeerSeal: Sendable {
    private struct Sender {
        let key: SymmetricKey
        var window = ReplayWindow()
        var lastAt: UInt64
    }

    package let me: OwnerID
    private let root: SymmetricKey
    private let ownKey: SymmetricKey
    private let lastNumber = Atomic<UInt64>(0)
    private let senders = Mutex<[OwnerID: Sender]>([:])

    /// How far the clocks of two servers may be apart, with what a message needs to arrive.
    package static let millisecondsMax: UInt64 = 60_000
    /// Servers of a cluster, and those that they have replaced within that time.
    private static let sendersMax = 256
    static let tagBytes = 16
    private static let timeBytes = 8
    /// What sealing adds.
    package static let overheadBytes = PeerHeader.byteCount + timeBytes + tagBytes

    /// - Parameters:
    ///   - root: what all servers of the cluster have, and nobody else, for this purpose alone.
    ///   - me: this start of this server; another one must never have the same.
    package init(_ root: SymmetricKey, me: OwnerID) {
        self.root = root
        self.me = me
        ownKey = Self.key(of: me, root)
    }

    private static func key(of sender: OwnerID, _ root: SymmetricKey) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: root, info: Array("sender \(sender)".utf8),
            outputByteCount: SHA256.byteCount)
    }

    // MARK: Questions

    /// A question that was sealed or opened: what its answer is bound to.
    package struct Question: Equatable, Sendable {
        let header: PeerHeader
        package var sender: OwnerID { header.sender }
    }

    /// - Parameter time: Unix milliseconds.
    package func seal(
        _ message: [UInt8], to subject: String, at time: UInt64
    ) -> (bytes: [UInt8], question: Question) {
        let header = nextHeader(.question)
        let bytes = seal(message, header, Array(subject.utf8), at: time)
        return (bytes, Question(header: header))
    }

    package func open(
        _ bytes: [UInt8], at subject: String, now: UInt64
    ) throws(PeerSealError) -> (message: [UInt8], question: Question) {
        let header = try Self.header(bytes, .question)
        let key = senders.withLock { $0[header.sender]?.key } ?? Self.key(of: header.sender, root)
        let message = try open(bytes, header, key, Array(subject.utf8), now: now)
        try take(header, key, now: now)
        return (message, Question(header: header))
    }

    /// Only what was authentic gets so far, so strangers can't fill the list of senders.
    private func take(
        _ header: PeerHeader, _ key: SymmetricKey, now: UInt64
    ) throws(PeerSealError) {
        try senders.withLock { senders throws(PeerSealError) in
            if senders[header.sender] == nil {
                // A message of a sender that was silent for twice the time is too old, whatever
                // its number is.
                if senders.count >= Self.sendersMax {
                    senders = senders.filter {
                        Self.distance($0.value.lastAt, now) <= 2 * Self.millisecondsMax
                    }
                }
                guard senders.count < Self.sendersMax else { throw .tooManySenders }
            }
            var sender = senders[header.sender] ?? Sender(key: key, lastAt: now)
            guard sender.window.take(header.number) else { throw .replayed }
            sender.lastAt = max(sender.lastAt, now)
            senders[header.sender] = sender
        }
    }

    // MARK: Answers

    package func seal(_ message: [UInt8], answering question: Question, at time: UInt64) -> [UInt8]
    {
        seal(message, nextHeader(.answer), question.header.bytes, at: time)
    }

    /// The answer of that server to that question. There is one, so it can't be taken twice.
    package func open(
        _ bytes: [UInt8], from sender: OwnerID, answering question: Question, now: UInt64
    ) throws(PeerSealError) -> [UInt8] {
        let header = try Self.header(bytes, .answer)
        guard header.sender == sender else { throw .notAuthentic }
        return try open(
            bytes, header, Self.key(of: sender, root), question.header.bytes, now: now)
    }

    // MARK: The cipher

    private func nextHeader(_ kind: PeerHeader.Kind) -> PeerHeader {
        PeerHeader(
            kind, from: me, number: lastNumber.add(1, ordering: .relaxed).newValue)
    }

    private static func header(
        _ bytes: [UInt8], _ kind: PeerHeader.Kind
    ) throws(PeerSealError) -> PeerHeader {
        var reader = ByteReader(bytes)
        guard bytes.count >= Self.overheadBytes, let header = try? PeerHeader(from: &reader),
            header.kind == kind
        else { throw .malformed }
        return header
    }

    private func seal(
        _ message: [UInt8], _ header: PeerHeader, _ bound: [UInt8], at time: UInt64
    ) -> [UInt8] {
        var plain = ByteWriter(capacity: Self.timeBytes + message.count)
        plain.write(time)
        plain.writeRaw(message)
        let head = header.bytes
        do {
            let box = try AES.GCM.seal(
                plain.bytes, using: ownKey, nonce: try Self.nonce(header),
                authenticating: head + bound)
            return head + box.ciphertext + box.tag
        } catch {
            // The key and the nonce have the lengths that the cipher wants; nothing else can be
            // wrong.
            preconditionFailure("\(error)")
        }
    }

    private func open(
        _ bytes: [UInt8], _ header: PeerHeader, _ key: SymmetricKey, _ bound: [UInt8], now: UInt64
    ) throws(PeerSealError) -> [UInt8] {
        let plain: [UInt8]
        do {
            let box = try AES.GCM.SealedBox(
                nonce: try Self.nonce(header),
                ciphertext: bytes[PeerHeader.byteCount..<bytes.count - Self.tagBytes],
                tag: bytes[(bytes.count - Self.tagBytes)...])
            plain = Array(
                try AES.GCM.open(
                    box, using: key, authenticating: bytes[..<PeerHeader.byteCount] + bound))
        } catch {
            throw .notAuthentic
        }
        var reader = ByteReader(plain)
        guard let time = try? reader.read(UInt64.self) else { throw .malformed }
        guard Self.distance(time, now) <= Self.millisecondsMax else { throw .outOfTime }
        return Array(plain[Self.timeBytes...])
    }

    /// Four zeros and the number: a sender has one message of each.
    private static func nonce(_ header: PeerHeader) throws -> AES.GCM.Nonce {
        var writer = ByteWriter(capacity: 12)
        writer.write(UInt32(0))
        writer.write(header.number)
        return try AES.GCM.Nonce(data: writer.bytes)
    }

    private static func distance(_ left: UInt64, _ right: UInt64) -> UInt64 {
        left > right ? left - right : right - left
    }
}
