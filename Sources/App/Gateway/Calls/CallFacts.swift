import Actors
import NIOCore

/// What a call has shown, and how it is judged in the end. Pure: times and bytes come in.
struct CallFacts {
    var status: UsageStatus = .pending
    var httpStatus: Int?
    var errorCode: String?
    var suggestedFix: String?
    var findings = InspectionFindings()
    var requestIDHeader: String?
    var retryAfterSeconds: Int?
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0
    var sentAt: NIODeadline?

    /// The provider's id of a request: longer ones are cut.
    private static let requestIDCharactersMax = 128

    /// A whole answer has come.
    mutating func judge(_ provider: GatewayProvider, isUnsafe: Bool) {
        guard let httpStatus else { return }
        let verdict = provider.classifier.classify(
            status: httpStatus, code: findings.errorCode, message: findings.errorMessage,
            hasStreamFailed: findings.hasStreamFailed)
        if let verdict {
            // A server error does not say that nothing has happened.
            let isAmbiguous = httpStatus >= 500 && isUnsafe
            status = isAmbiguous ? .ambiguous : .error
            errorCode = verdict.errorCode
            suggestedFix = verdict.suggestedFix
        } else if findings.hasStreamFailed {
            status = .error
            errorCode = "stream_failed"
        } else if findings.isStreamDone == false {
            status = .abortedUpstream
            errorCode = "stream_truncated"
        } else {
            status = .ok
        }
    }

    /// No whole answer has come.
    mutating func judge(_ fault: UpstreamFault, isUnsafe: Bool) {
        if findings.isStreamDone == true {
            status = .ok
            return
        }
        let wasSent = sentAt != nil
        switch fault {
        case .unreachable, .forbiddenAddress:
            status = .error
            errorCode = UsageErrorCode.unreachable
        case .closed:
            status = .abortedUpstream
            errorCode = "upstream_closed"
        case .invalid:
            status = .error
            errorCode = ErrorCode.upstreamInvalid.rawValue
        case .timeout:
            status = .timeout
            errorCode = ErrorCode.upstreamTimeout.rawValue
        }
        if isUnsafe, wasSent, httpStatus == nil { status = .ambiguous }
    }

    /// The client went away. A stream that had said its last word was whole all the same.
    mutating func judgeAbort() {
        status = findings.isStreamDone == true ? .ok : .abortedClient
    }

    func ending(at now: Timestamp, began: NIODeadline, ended: NIODeadline) -> UsageEnding {
        var ending = UsageEnding(status, endedAt: now)
        ending.httpStatus = httpStatus.map { UInt16(clamping: $0) }
        ending.errorCode = errorCode
        ending.latencyMilliseconds = Self.milliseconds(ended - began)
        ending.upstreamMilliseconds = sentAt.map { Self.milliseconds(ended - $0) }
        ending.bytesIn = bytesIn
        ending.bytesOut = bytesOut
        ending.units = status == .ok && !findings.units.isEmpty ? findings.units : nil
        let id = requestIDHeader ?? findings.requestID
        ending.providerRequestID = id.map { String($0.prefix(Self.requestIDCharactersMax)) }
        return ending
    }

    private static func milliseconds(_ time: TimeAmount) -> UInt32 {
        UInt32(clamping: time.nanoseconds / 1_000_000)
    }
}
