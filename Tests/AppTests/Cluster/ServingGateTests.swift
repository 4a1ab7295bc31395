import NIOHTTP1
import Persistence
import Synchronization
import Testing

@testable import App

@Suite("The gate of what a server owns", .timeLimit(.minutes(1)))
struct ServingGateTests {
    private final class Lease: Sendable {
        private let value = Atomic(true)
        var isValid: Bool {
            get { value.load(ordering: .relaxed) }
            set { value.store(newValue, ordering: .relaxed) }
        }
    }

    private let lease = Lease()
    private let gate: ServingGate

    init() {
        gate = ServingGate { [lease] in lease.isValid }
    }

    private func open() {
        #expect(gate.enter(.quick) == nil)
        gate.open()
    }

    @Test("nobody gets in before the shard is ready")
    func opening() throws {
        open()
        let permit = try #require(gate.enter(.quick))
        #expect(permit.isValid && gate.isOpen)
    }

    @Test("without the lease nobody gets in, and nothing that was read is shown")
    func noLease() throws {
        open()
        let permit = try #require(gate.enter(.quick))
        lease.isValid = false
        #expect(!permit.isValid && gate.enter(.quick) == nil)
        lease.isValid = true
        #expect(permit.isValid)
    }

    @Test("draining lets nobody else in, slow ones first; those who are in are still answered")
    func draining() async throws {
        open()
        let slow = try #require(gate.enter(.slow))
        let quick = try #require(gate.enter(.quick))
        let drained = Task { [gate] in
            await gate.drain(slowPatience: .seconds(30), quickPatience: .seconds(30))
        }
        while gate.isOpen { await Task.yield() }
        #expect(gate.enter(.slow) == nil)
        let late = try #require(gate.enter(.quick))
        slow.leave()
        slow.leave()
        while let more = gate.enter(.quick) {
            more.leave()
            await Task.yield()
        }
        #expect(quick.isValid && late.isValid)
        quick.leave()
        late.leave()
        #expect(await drained.value == 0)
    }

    @Test("who does not end in time is told nothing more, not even when the shards are back")
    func left() async throws {
        open()
        let permit = try #require(gate.enter(.slow))
        #expect(await impatientDrain() == 1)
        gate.close()
        #expect(!permit.isValid)
        gate.open()
        #expect(!permit.isValid)
        let second = try #require(gate.enter(.quick))
        // It was counted by the opening before.
        permit.leave()
        #expect(await impatientDrain() == 1)
        second.leave()
        #expect(await gate.drain() == 0)
    }

    private func impatientDrain() async -> Int {
        await gate.drain(slowPatience: .milliseconds(5), quickPatience: .milliseconds(5))
    }

    @Test("a gate that is closed has nobody to wait for")
    func closed() async {
        #expect(await gate.drain(slowPatience: .seconds(30), quickPatience: .seconds(30)) == 0)
        #expect(gate.enter(.quick) == nil)
    }

    @Test("what may hash a password or ask a provider is slow")
    func paces() {
        let cases: [(HTTPMethod, String, RequestPace)] = [
            (.GET, "/api/auth/session", .quick), (.POST, "/api/usage/events", .quick),
            (.POST, "/api/auth/login", .slow), (.POST, "/api/alerts/sms/test", .slow),
            (.GET, "/api/integrations/openai/call/v1/models", .slow),
            (.POST, "/api/integrations/openai/call/v1/responses", .slow),
        ]
        for (method, uri, pace) in cases {
            let head = HTTPRequestHead(version: .http1_1, method: method, uri: uri)
            #expect(RequestPace(head) == pace, "\(method) \(uri)")
        }
    }
}

@Suite("What of the data is here")
struct ShardHoldsTests {
    @Test("a stay is one stay: what goes and comes back in between is another")
    func stays() throws {
        let holds = ShardHolds(shardCount: 2, holdsAll: false)
        #expect(holds.stay(of: ShardID(1)) == nil && !holds.holdsAny)
        holds.begin(ShardID(1))
        let first = try #require(holds.stay(of: ShardID(1)))
        #expect(holds.holdsAny && !holds.holds(ShardID(0)))
        holds.end(ShardID(1))
        #expect(holds.stay(of: ShardID(1)) == nil)
        holds.begin(ShardID(1))
        #expect(holds.stay(of: ShardID(1)) != first)
    }

    @Test("with a log of its own a server has everything from the start")
    func all() {
        let holds = ShardHolds(shardCount: 2, holdsAll: true)
        #expect(holds.holds(ShardID(0)) && holds.holds(ShardID(1)))
    }
}
