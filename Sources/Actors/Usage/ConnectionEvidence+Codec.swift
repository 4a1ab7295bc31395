import Persistence

extension ByteWriter {
    mutating func write(_ evidence: ConnectionEvidence) {
        write(evidence.standing.rawValue)
        writeOptional(evidence.claim) { writer, claim in
            writer.write(claim.kind.rawValue)
            writer.write(claim.at)
            writer.write(claim.trace)
            writer.writeOptional(claim.httpStatus) { $0.write($1) }
        }
        write(evidence.limit.rawValue)
        write(evidence.failuresInARow)
        writeOptional(evidence.lastErrorCode) { $0.write($1) }
    }
}

extension ByteReader {
    mutating func readConnectionEvidence() throws(DecodingFault) -> ConnectionEvidence {
        let standing: ConnectionEvidence.Standing = try readChoice("standing")
        let claim = try optional { reader throws(DecodingFault) in
            let kind: ConnectionEvidence.Kind = try reader.readChoice("evidence kind")
            let at = try reader.readTimestamp()
            let trace = try reader.readTraceID()
            return ConnectionEvidence.Claim(
                kind: kind, at: at, trace: trace,
                httpStatus: try reader.readBool() ? try reader.read(UInt16.self) : nil)
        }
        let limit: ConnectionEvidence.Limit = try readChoice("limit")
        let failures = try read(UInt32.self)
        return ConnectionEvidence(
            standing: standing, claim: claim, limit: limit, failuresInARow: failures,
            lastErrorCode: try readOptionalString())
    }

    private mutating func readChoice<Choice: RawRepresentable<UInt8>>(
        _ name: String
    ) throws(DecodingFault) -> Choice {
        let byte = try read(UInt8.self)
        guard let choice = Choice(rawValue: byte) else { throw .invalidValue("\(name) \(byte)") }
        return choice
    }
}
