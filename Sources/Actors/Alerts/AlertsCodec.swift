import Persistence

// The bytes of what alerts are made of, for the log's records and for snapshots alike. Field order
// is the format: docs/formats/records.md has it in words, Tests/Golden has it in bytes.

extension ByteWriter {
    mutating func write(_ attempt: SMSAttempt) {
        write(attempt.at)
        // Whose test it is; nil for an alert.
        writeOptional(attempt.purpose.tester) { $0.write($1) }
        write(attempt.recipient)
        writeOptional(attempt.key) { writer, key in
            writer.write(key.name)
            writer.write(key.request)
        }
        write(attempt.trace)
    }

    mutating func write(_ answer: SMSAnswer) {
        write(answer.at)
        write(answer.status.rawValue)
        writeOptional(answer.providerMessageID) { $0.write($1) }
        writeOptional(answer.row) { $0.write($1) }
        writeOptional(answer.failure) { writer, failure in
            writer.write(failure.errorCode)
            writer.write(failure.message)
            writer.write(failure.suggestedFix)
            writer.writeOptional(failure.retryAfterSeconds) { $0.write($1) }
        }
        write(answer.effect.rawValue)
    }

    mutating func write(_ report: SMSReport) {
        write(report.providerMessageID)
        write(report.status.rawValue)
        writeOptional(report.errorCode) { $0.write($1) }
        write(report.at)
        writeOptional(report.token) { $0.write($1) }
    }
}

extension SMSAttempt.Purpose {
    fileprivate var tester: UserID? {
        switch self {
        case .test(let user): user
        case .alert: nil
        }
    }
}

extension ByteReader {
    mutating func readSMSAttempt() throws(DecodingFault) -> SMSAttempt {
        let at = try readTimestamp()
        let purpose = try readBool() ? SMSAttempt.Purpose.test(try readUserID()) : .alert
        let recipient = try readKeyedHash()
        let key = try optional { reader throws(DecodingFault) in
            let name = try reader.readKeyedHash()
            return SMSAttempt.Key(name: name, request: try reader.readKeyedHash())
        }
        return SMSAttempt(
            at: at, purpose: purpose, recipient: recipient, key: key, trace: try readTraceID())
    }

    mutating func readSMSAnswer() throws(DecodingFault) -> SMSAnswer {
        let at = try readTimestamp()
        var answer = SMSAnswer(at: at, status: try readSMSStatus())
        answer.providerMessageID = try readOptionalString()
        answer.row = try readBool() ? try read(UInt64.self) : nil
        answer.failure = try optional { reader throws(DecodingFault) in
            let errorCode = try reader.readString()
            let message = try reader.readString()
            let suggestedFix = try reader.readString()
            return SMSAnswer.Failure(
                errorCode: errorCode, message: message, suggestedFix: suggestedFix,
                retryAfterSeconds: try reader.readBool() ? try reader.read(UInt32.self) : nil)
        }
        let byte = try read(UInt8.self)
        guard let effect = SMSAnswer.Effect(rawValue: byte) else {
            throw .invalidValue("effect of a message \(byte)")
        }
        answer.effect = effect
        return answer
    }

    mutating func readSMSReport() throws(DecodingFault) -> SMSReport {
        let id = try readString()
        let status = try readSMSStatus()
        let errorCode = try readOptionalString()
        let at = try readTimestamp()
        return SMSReport(
            providerMessageID: id, status: status, errorCode: errorCode, at: at,
            token: try readBool() ? try readKeyedHash() : nil)
    }

    mutating func readSMSStatus() throws(DecodingFault) -> SMSStatus {
        let byte = try read(UInt8.self)
        guard let status = SMSStatus(rawValue: byte) else {
            throw .invalidValue("status of a message \(byte)")
        }
        return status
    }
}
