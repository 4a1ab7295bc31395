package import Actors
import Synchronization

/// What ties an answer to its log lines and events, and to the caller's own trace: a trace id and
/// the id of our span in it (W3C Trace Context, Level 1).
package struct RequestIdentity: Sendable, Equatable {
    package let trace: TraceID
    package let span: UInt64
    /// The trace-flags of the caller, `01` meaning sampled; new traces are not marked.
    private let flags: UInt8

    /// Continues the caller's trace when its `traceparent` is valid, else begins a new one.
    package init(traceparent: String?, ids: TraceIDSource) {
        if let (trace, flags) = traceparent.flatMap(RequestIdentity.parse) {
            self.trace = trace
            self.flags = flags
        } else {
            trace = ids.trace()
            flags = 0
        }
        span = ids.span()
    }

    /// The header for the answer: `00-<trace id>-<our span id>-<flags>`.
    package var traceparent: String {
        String(decoding: "00-".utf8 + trace.utf8Bytes + traceparentEnd, as: UTF8.self)
    }

    /// What follows the trace id in it.
    var traceparentEnd: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(20)
        text.append(UInt8(ascii: "-"))
        for shift in stride(from: 60, through: 0, by: -4) {
            text.append(RequestIdentity.digit(UInt8(truncatingIfNeeded: span >> UInt64(shift))))
        }
        text.append(UInt8(ascii: "-"))
        text.append(RequestIdentity.digit(flags >> 4))
        text.append(RequestIdentity.digit(flags))
        return text
    }

    /// §3.2 and §4.3 there: version 00 has exactly 55 characters, a later version may have more
    /// after a dash, version ff is invalid, and neither id may be all zero.
    private static func parse(_ text: String) -> (TraceID, flags: UInt8)? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = lowerHex(bytes[0..<2]), version != 0xff,
            bytes.count == 55 || (version > 0 && bytes[55] == dash),
            let trace = TraceID(String(decoding: bytes[3..<35], as: UTF8.self)),
            let parent = lowerHex(bytes[36..<52]), parent != 0,
            let flags = lowerHex(bytes[53..<55])
        else { return nil }
        return (trace, UInt8(truncatingIfNeeded: flags))
    }

    private static let dash = UInt8(ascii: "-")

    private static func lowerHex(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 48...57: value = value << 4 | UInt64(digit - 48)
            case 97...102: value = value << 4 | UInt64(digit - 87)
            default: return nil
            }
        }
        return value
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        let nibble = nibble & 15
        return nibble < 10 ? 48 + nibble : 87 + nibble
    }
}

/// Makes trace and span ids. They need to be unique, not secret, so they come from a small
/// generator (xoroshiro128++ by Blackman and Vigna, seeded by the operating system) instead of
/// three system calls a request.
package final class TraceIDSource: Sendable {
    private let state: Mutex<(UInt64, UInt64)>

    package init(seed: some RandomSource) {
        let first = TraceID(random: seed)
        // TraceID never is zero, so neither is the generator's state, as the algorithm demands.
        state = Mutex((first.high, first.low))
    }

    package func trace() -> TraceID {
        state.withLock { state in
            let high = TraceIDSource.next(&state)
            return TraceID(high: high, low: TraceIDSource.next(&state) | 1)
        }
    }

    package func span() -> UInt64 { state.withLock { TraceIDSource.next(&$0) | 1 } }

    private static func next(_ state: inout (UInt64, UInt64)) -> UInt64 {
        func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
            value << bits | value >> (64 - bits)
        }
        let (first, second) = state
        let result = rotate(first &+ second, 17) &+ first
        let mixed = second ^ first
        state = (rotate(first, 49) ^ mixed ^ (mixed << 21), rotate(mixed, 28))
        return result
    }
}
