/// How a call of ours ended: what is added to the row that its attempt made.
package struct UsageEnding: Hashable, Sendable {
    package var status: UsageStatus
    package var endedAt: Timestamp
    /// Nil when nothing came back.
    package var httpStatus: UInt16?
    package var errorCode: String?
    package var latencyMilliseconds: UInt32?
    package var upstreamMilliseconds: UInt32?
    package var bytesIn: UInt64?
    package var bytesOut: UInt64?
    /// Nil, and not empty, when unknown or cut off.
    package var units: [UsageUnit]?
    package var providerRequestID: String?

    package init(_ status: UsageStatus, endedAt: Timestamp) {
        self.status = status
        self.endedAt = endedAt
    }
}

extension UsageFacts {
    package mutating func end(_ ending: UsageEnding) {
        status = ending.status
        httpStatus = ending.httpStatus
        errorCode = ending.errorCode
        latencyMilliseconds = ending.latencyMilliseconds
        upstreamMilliseconds = ending.upstreamMilliseconds
        bytesIn = ending.bytesIn
        bytesOut = ending.bytesOut
        units = ending.units
        providerRequestID = ending.providerRequestID
    }
}
