package import Persistence

/// Who is first admin, and the service tokens: what there is once in an installation.
package struct InstallationState: Sendable, Equatable {
    package private(set) var firstAdmin: UserID?
    package private(set) var tokens: [ServiceTokenID: ServiceToken] = [:]
    package private(set) var appliedRecord: UInt64 = 0

    package init() {}

    package enum Refusal: Error, Equatable, Sendable {
        case tokenUnknown
        /// The account has as many tokens as it may.
        case limitReached(Int)
        case storage(AppendError)
    }

    package mutating func apply(_ event: InstallationEvent, record: UInt64) {
        appliedRecord = record
        switch event {
        case .firstAdminClaimed(let user):
            firstAdmin = user
        case .tokenMinted(let token):
            tokens[token.id] = token
        case .tokenRevoked(let id):
            tokens[id] = nil
        }
    }

    /// - Parameter tokensPerAccountMax: expired tokens do not count; they leave by the sweep.
    package func mint(
        _ token: ServiceToken, tokensPerAccountMax: Int, at now: Timestamp
    ) throws(Refusal) -> [InstallationEvent] {
        let held = tokens.values.count { $0.createdBy == token.createdBy && !$0.isExpired(at: now) }
        guard held < tokensPerAccountMax else { throw .limitReached(tokensPerAccountMax) }
        return [.tokenMinted(token)]
    }

    package func revoke(_ id: ServiceTokenID) throws(Refusal) -> [InstallationEvent] {
        guard tokens[id] != nil else { throw .tokenUnknown }
        return [.tokenRevoked(id)]
    }

    package func sweep(at now: Timestamp) -> [InstallationEvent] {
        tokens.values.filter { $0.isExpired(at: now) }.map { .tokenRevoked($0.id) }
    }

    // MARK: Snapshots

    package mutating func restore(chunk: [UInt8], appliedRecord: UInt64) throws(DecodingFault) {
        var reader = ByteReader(chunk)
        firstAdmin = try reader.optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readUserID()
        }
        while !reader.isAtEnd {
            apply(.tokenMinted(try reader.readServiceToken()), record: appliedRecord)
        }
        self.appliedRecord = appliedRecord
    }

    package mutating func replay(_ stored: StoredRecord, record: UInt64) throws(DecodingFault) {
        guard record > appliedRecord else { return }
        var reader = stored.reader
        let event = try InstallationEvent(kind: stored.kind, version: stored.version, from: &reader)
        guard reader.isAtEnd else { throw .invalidValue("bytes after record \(record)") }
        apply(event, record: record)
    }
}
