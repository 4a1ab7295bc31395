import Crypto
import NATS
import Persistence
import Synchronization
import Testing

@testable import Replication

@Suite("Questions to other servers", .timeLimit(.minutes(1)))
struct PeerCallTests {
    private static let root = SymmetricKey(data: [UInt8](1...32))

    private static func seal(_ number: UInt64) -> PeerSeal { PeerSeal(root, me: Peers.id(number)) }

    private static func caller(_ bus: MemoryBus) -> PeerCaller {
        PeerCaller(bus, seal: seal(1), cluster: Peers.cluster)
    }

    private static func listener(
        _ bus: MemoryBus, _ answer: @escaping @Sendable ([UInt8]) async -> [UInt8]
    ) -> PeerListener {
        let listener = PeerListener(bus, seal: seal(2), cluster: Peers.cluster, answer: answer)
        listener.start()
        return listener
    }

    private static func failure(
        _ caller: PeerCaller, _ message: [UInt8] = [1], within limit: UInt64 = 2000
    ) async -> PeerCallError? {
        do throws(PeerCallError) {
            _ = try await caller.ask(Peers.id(2), message, withinMilliseconds: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test("the answer is the one to this question")
    func answer() async throws {
        let bus = MemoryBus()
        let listener = Self.listener(bus) { $0.reversed() }
        let caller = Self.caller(bus)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in UInt8(0)..<50 {
                group.addTask {
                    let answer = try await caller.ask(
                        Peers.id(2), [number, 1], withinMilliseconds: 5000)
                    #expect(answer == [1, number])
                }
            }
            try await group.waitForAll()
        }
        #expect(listener.refusedCount == 0)
        let secrets = bus.published.filter { $0.payload.contains([7, 1]) }
        #expect(secrets.count < 3, "it is not sealed")
    }

    @Test("nobody there, no connection, nothing said in time: each is told apart")
    func silence() async {
        let bus = MemoryBus()
        let caller = Self.caller(bus)
        #expect(await Self.failure(caller) == .unreachable)
        let listener = Self.listener(bus) { message in
            try? await Task.sleep(for: .seconds(2))
            return message
        }
        #expect(await Self.failure(caller, within: 20) == .silence)
        bus.isCut = true
        #expect(await Self.failure(caller) == .unreachable)
        bus.isCut = false
        listener.stop()
        #expect(await Self.failure(caller) == .unreachable)
    }

    @Test("a question that is heard twice is answered once")
    func replay() async throws {
        let bus = MemoryBus()
        let asked = Atomic<Int>(0)
        let listener = Self.listener(bus) { message in
            asked.add(1, ordering: .relaxed)
            return message
        }
        bus.interfere { publication in
            publication.subject.contains(".call.") ? [publication, publication] : [publication]
        }
        let caller = Self.caller(bus)
        for number in UInt8(0)..<10 {
            #expect(
                try await caller.ask(Peers.id(2), [number], withinMilliseconds: 5000) == [number])
        }
        while listener.refusedCount < 10 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(asked.load(ordering: .relaxed) == 10)
    }

    @Test("what was changed on its way is not answered, or not believed")
    func tampering() async {
        let bus = MemoryBus()
        let listener = Self.listener(bus) { $0 }
        let caller = Self.caller(bus)
        func flip(_ isQuestion: Bool) {
            bus.interfere { publication in
                guard publication.subject.contains(".call.") == isQuestion else {
                    return [publication]
                }
                var changed = publication
                changed.payload[changed.payload.count - 1] ^= 1
                return [changed]
            }
        }
        flip(true)
        #expect(await Self.failure(caller, within: 50) == .silence)
        #expect(listener.refusedCount == 1)
        flip(false)
        #expect(await Self.failure(caller) == .notAuthentic(.notAuthentic))
    }

    @Test("more than a number at a time is refused, and there is room again afterwards")
    func bounded() async throws {
        let bus = MemoryBus()
        let gate = Gate()
        let listener = Self.listener(bus) { message in
            await gate.pass()
            return message
        }
        let caller = Self.caller(bus)
        let asked = await withTaskGroup(of: PeerCallError?.self) { group in
            for _ in 0..<PeerCaller.callsMax {
                group.addTask { await Self.failure(caller, within: 30_000) }
            }
            // All of them are under way when the listener has heard them.
            while gate.waiting < PeerCaller.callsMax {
                try? await Task.sleep(for: .milliseconds(5))
            }
            #expect(await Self.failure(caller) == .overloaded)
            gate.open()
            var failures: [PeerCallError] = []
            for await failure in group { if let failure { failures.append(failure) } }
            return failures
        }
        #expect(asked.isEmpty)
        #expect(await Self.failure(caller) == nil)
        #expect(listener.refusedCount == 0)
    }

    @Test("a message that NATS would not take is not sent")
    func size() async {
        let bus = MemoryBus()
        let listener = Self.listener(bus) { [UInt8($0.count % 251)] }
        defer { listener.stop() }
        let caller = Self.caller(bus)
        let most = [UInt8](repeating: 1, count: PeerCaller.messageBytesMax)
        #expect(await Self.failure(caller, most) == nil)
        #expect(await Self.failure(caller, most + [1]) == .tooLarge(bytes: most.count + 1))
    }
}

/// Holds everybody up until it is opened.
private final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>(
        (false, []))

    var waiting: Int { state.withLock { $0.waiters.count } }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
