import FoundationEssentials

/// What a server says about itself when a connection opens, and again when that changes.
package struct ServerInfo: Decodable, Equatable, Sendable {
    package var serverID = ""
    package var serverName = ""
    package var version = ""
    package var maxPayload = 0
    package var supportsHeaders = false
    package var jetStream = false
    package var requiresTLS = false
    package var offersTLS = false
    package var requiresAuthorization = false
    package var nonce: String?
    /// The server is about to stop and wants its clients to go elsewhere.
    package var isLameDuck = false

    private enum CodingKeys: String, CodingKey {
        case version, nonce
        case serverID = "server_id"
        case serverName = "server_name"
        case maxPayload = "max_payload"
        case supportsHeaders = "headers"
        case jetStream = "jetstream"
        case requiresTLS = "tls_required"
        case offersTLS = "tls_available"
        case requiresAuthorization = "auth_required"
        case isLameDuck = "ldm"
    }

    package init(version: String) { self.version = version }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func flag(_ key: CodingKeys) throws -> Bool {
            try container.decodeIfPresent(Bool.self, forKey: key) ?? false
        }
        serverID = try container.decodeIfPresent(String.self, forKey: .serverID) ?? ""
        serverName = try container.decodeIfPresent(String.self, forKey: .serverName) ?? ""
        version = try container.decode(String.self, forKey: .version)
        maxPayload = try container.decodeIfPresent(Int.self, forKey: .maxPayload) ?? 0
        nonce = try container.decodeIfPresent(String.self, forKey: .nonce)
        supportsHeaders = try flag(.supportsHeaders)
        jetStream = try flag(.jetStream)
        requiresTLS = try flag(.requiresTLS)
        offersTLS = try flag(.offersTLS)
        requiresAuthorization = try flag(.requiresAuthorization)
        isLameDuck = try flag(.isLameDuck)
    }

    package init(json: [UInt8]) throws(ProtocolError) {
        do {
            self = try JSONDecoder().decode(ServerInfo.self, from: Data(json))
        } catch {
            throw .malformed("INFO: \(error)")
        }
    }
}

/// A server's version, compared as numbers.
package struct ServerVersion: Comparable, Sendable, CustomStringConvertible {
    package let major: Int
    package let minor: Int
    package let patch: Int
    /// A build before that release, as `2.14.4-RC.1` is.
    package let isBefore: Bool

    /// The first with which appends that expect a sequence are safe in a cluster: before it, a
    /// leader that had lost its term could still let a proposal through.
    package static let minimum = ServerVersion(major: 2, minor: 14, patch: 4)

    package init(major: Int, minor: Int, patch: Int, isBefore: Bool = false) {
        self.major = major
        self.minor = minor
        self.patch = patch
        self.isBefore = isBefore
    }

    package init?(_ text: String) {
        let halves = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var numbers: [Int] = []
        for part in parts {
            guard part.count <= 6, let number = Int(part), number >= 0 else { return nil }
            numbers.append(number)
        }
        self.init(
            major: numbers[0], minor: numbers[1], patch: numbers[2], isBefore: halves.count > 1)
    }

    package static func < (left: ServerVersion, right: ServerVersion) -> Bool {
        left.order.lexicographicallyPrecedes(right.order)
    }

    private var order: [Int] { [major, minor, patch, isBefore ? 0 : 1] }

    package var description: String { "\(major).\(minor).\(patch)\(isBefore ? "-pre" : "")" }
}
