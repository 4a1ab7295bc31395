import Persistence

/// What stands in front of a sealed message, in the clear: who sent it, and the number that makes
/// its nonce. docs/formats/peers.md has the layout byte by byte.
struct PeerHeader: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        case question = 1
        case answer = 2
    }

    let kind: Kind
    let sender: OwnerID
    let number: UInt64

    private static let version: UInt8 = 1
    static let byteCount = 26

    init(_ kind: Kind, from sender: OwnerID, number: UInt64) {
        self.kind = kind
        self.sender = sender
        self.number = number
    }

    init(from reader: inout ByteReader) throws(DecodingFault) {
        guard try reader.read(UInt8.self) == Self.version,
            let kind = Kind(rawValue: try reader.read(UInt8.self))
        else { throw .invalidValue("no message of this version") }
        self.kind = kind
        sender = try OwnerID(from: &reader)
        number = try reader.read(UInt64.self)
    }

    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: Self.byteCount)
        writer.write(Self.version)
        writer.write(kind.rawValue)
        writer.write(sender.high)
        writer.write(sender.low)
        writer.write(number)
        return writer.bytes
    }
}

/// Why a message is not taken.
package enum PeerSealError: Error, Equatable, Sendable {
    case malformed
    /// Changed on its way, meant for another, or of somebody without the key.
    case notAuthentic
    /// Older than a message can be, or from a clock that is far away.
    case outOfTime
    /// It has been taken already, or is so old that nobody remembers.
    case replayed
    /// More senders than a cluster has.
    case tooManySenders
}
