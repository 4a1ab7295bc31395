import Actors

/// The last calls of the gateway on one event loop: what their events don't say, who made them and
/// how they ended for the caller. Confined to its event loop, so that a call pays no lock for it.
struct CallMemory {
    private var calls: [RememberedRequest] = []
    private var next = 0

    /// Of each event loop: a second or two under the heaviest load, days in most installations.
    private static let callsMax = 8192

    mutating func note(_ call: RememberedRequest) {
        if calls.count < Self.callsMax { calls.append(call) } else { calls[next] = call }
        next = (next + 1) % Self.callsMax
    }

    func find(_ trace: TraceID) -> [RememberedRequest] { calls.filter { $0.trace == trace } }
}
