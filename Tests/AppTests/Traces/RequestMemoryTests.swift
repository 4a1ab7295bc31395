import Actors
import Persistence
import Testing

@testable import App

@Suite("The memory of requests")
struct RequestMemoryTests {
    private typealias Caller = RememberedRequest.Caller

    private static let user = UserID(EntityID(shard: ShardID(3), high: 1, low: 2))
    private static let person = Caller.session(user, email: "ada@example.com")
    private static let program = Caller.token(
        ServiceTokenID(EntityID(shard: ShardID(0), high: 3, low: 4)), name: "billing")
    /// More than any memory holds.
    private static let floodRequests: UInt64 = 20_000

    private static func request(
        _ trace: UInt64, _ caller: Caller = .anonymous, method: String = "POST", status: Int = 401,
        error: ErrorCode? = .invalidCredentials
    ) -> RememberedRequest {
        RememberedRequest(
            trace: TraceID(high: 7, low: trace), method: method, route: "/api/auth/login",
            status: status, error: error, at: Timestamp(seconds: 1_800_000_000),
            took: .milliseconds(1), caller: caller, grounds: "Anyone may call this.")
    }

    private func find(_ memory: RequestMemory, _ trace: UInt64) -> [RememberedRequest] {
        memory.find(TraceID(high: 7, low: trace))
    }

    @Test("a flood of one kind of callers washes away nothing of the others", arguments: 0..<3)
    func flood(kind: Int) {
        let memory = RequestMemory()
        let callers = [.anonymous, Self.person, Self.program]
        for (index, caller) in callers.enumerated() {
            memory.note(Self.request(UInt64(index + 1), caller))
        }
        for trace in 0..<Self.floodRequests {
            memory.note(Self.request(1000 + trace, callers[kind]))
        }
        for index in callers.indices {
            #expect(find(memory, UInt64(index + 1)).count == (index == kind ? 0 : 1))
        }
        // The newest are there, and the memory has an end.
        #expect(find(memory, 999 + Self.floodRequests).count == 1)
        #expect(find(memory, 1000).isEmpty)
    }

    @Test("the last requests are kept, and each new one takes the oldest's place")
    func ring() {
        let memory = RequestMemory()
        for trace in UInt64(1)...10_000 {
            memory.note(Self.request(trace))
            guard [4096, 4097, 8192, 8193, 10_000].contains(trace) else { continue }
            #expect(!find(memory, trace).isEmpty)
            #expect(!find(memory, trace - 4095).isEmpty)
            #expect(find(memory, trace - 4096).isEmpty)
        }
    }

    @Test("failures are kept, and what people change; successes of programs are in their events")
    func kept() {
        struct Row {
            let caller: RememberedRequest.Caller
            let method: String
            let status: Int
            let isKept: Bool
        }
        let rows = [
            Row(caller: .anonymous, method: "GET", status: 200, isKept: false),
            Row(caller: .anonymous, method: "POST", status: 200, isKept: true),
            Row(caller: .anonymous, method: "GET", status: 404, isKept: true),
            Row(caller: Self.person, method: "GET", status: 200, isKept: false),
            Row(caller: Self.person, method: "HEAD", status: 304, isKept: false),
            Row(caller: Self.person, method: "OPTIONS", status: 200, isKept: false),
            Row(caller: Self.person, method: "DELETE", status: 200, isKept: true),
            Row(caller: Self.person, method: "PATCH", status: 399, isKept: true),
            Row(caller: Self.person, method: "GET", status: 400, isKept: true),
            Row(caller: Self.program, method: "POST", status: 200, isKept: false),
            Row(caller: Self.program, method: "POST", status: 503, isKept: true),
            Row(caller: Self.program, method: "GET", status: 403, isKept: true),
        ]
        for (index, row) in rows.enumerated() {
            let memory = RequestMemory()
            memory.note(
                Self.request(1, row.caller, method: row.method, status: row.status, error: nil))
            #expect(find(memory, 1).count == (row.isKept ? 1 : 0), "row \(index)")
        }
    }

    @Test(
        "who may not is refused, with the reason; what is wrong with a request is no decision",
        arguments: [
            (.invalidCredentials, true), (.scopeMissing, true), (.rateLimited, true),
            (.tooManyAttempts, true), (.validationFailed, false), (.notFound, false),
            (.internalError, false), (.storageFull, false), (nil, false),
        ] as [(ErrorCode?, Bool)])
    func decision(error: ErrorCode?, isRefused: Bool) {
        let request = Self.request(1, status: error?.definition.status ?? 200, error: error)
        #expect(request.isRefused == isRefused)
        #expect(
            request.reason
                == (isRefused ? error?.definition.message : "Anyone may call this."))
    }

    @Test("a provider's own refusal is none of ours")
    func relayedRefusal() {
        let relayed = Self.request(1, Self.program, status: 401, error: nil)
        #expect(!relayed.isRefused)
    }
}

@Suite("The memory of calls")
struct CallMemoryTests {
    private func call(_ trace: UInt64) -> RememberedRequest {
        RememberedRequest(
            trace: TraceID(high: 7, low: trace), method: "GET", route: "/call", status: 200,
            error: nil, at: Timestamp(seconds: 1_800_000_000), took: .zero, caller: .anonymous,
            grounds: "")
    }

    @Test("all of the last calls are found, the successes too, and older ones are not")
    func ring() {
        var memory = CallMemory()
        for trace in UInt64(1)...10_000 {
            memory.note(call(trace))
            memory.note(call(trace))
        }
        func count(_ trace: UInt64) -> Int { memory.find(TraceID(high: 7, low: trace)).count }
        #expect(count(10_000) == 2 && count(10_000 - 4095) == 2)
        #expect(count(10_000 - 4096) == 0 && count(1) == 0)
    }
}
