import Dispatch
import Foundation
import Testing

@testable import Actors

@Suite struct PasswordHasherTests {
    private static let cheap = Argon2Parameters(memoryKiB: 8, passes: 1)
    private let source = SourceBucket.v4(1)

    private func secret(_ text: String) -> Redacted<[UInt8]> { Redacted(Array(text.utf8)) }

    private func hasher(queueLengthMax: Int = 100) -> PasswordHasher {
        PasswordHasher(threads: 2, queueLengthMax: queueLengthMax, parameters: Self.cheap)
    }

    @Test("the right password verifies, a wrong one and an unknown account do not")
    func verifies() async throws {
        let hasher = hasher()
        defer { hasher.shutdown() }
        let phc = try await hasher.hash(secret("violet anchor"), source: source)
        #expect(phc.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
        #expect(try await hasher.verify(secret("violet anchor"), against: phc, source: source))
        #expect(try await !hasher.verify(secret("Violet anchor"), against: phc, source: source))
        #expect(try await !hasher.verify(secret(""), against: phc, source: source))
        #expect(try await !hasher.verify(secret("violet anchor"), against: nil, source: source))
        #expect(try await !hasher.verify(secret("violet anchor"), against: "", source: source))
        let long = phc + String(repeating: "A", count: 500)
        #expect(try await !hasher.verify(secret("violet anchor"), against: long, source: source))
        let again = try await hasher.hash(secret("violet anchor"), source: source)
        #expect(again != phc)
        #expect(hasher.statistics.done == 8)
    }

    /// Made by OpenSSL's Argon2id (through Python's `cryptography`): "password",
    /// "somesaltsomesalt".
    @Test("the hash of another implementation verifies")
    func otherImplementation() async throws {
        let hasher = hasher()
        defer { hasher.shutdown() }
        let phc =
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
            + "yrdGtGIZk/3JHsUHh5gLQUqQppLwvGjf4Z+cJbPLqew"
        #expect(try await hasher.verify(secret("password"), against: phc, source: source))
        #expect(try await !hasher.verify(secret("Password"), against: phc, source: source))
    }

    @Test("the default costs what OWASP recommends, and other parameters ask for a new hash")
    func parameters() async throws {
        let standard = PasswordHasher(threads: 1, queueLengthMax: 4)
        defer { standard.shutdown() }
        let phc = try await standard.hash(secret("violet anchor"), source: source)
        #expect(phc.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(!standard.needsRehash(phc))
        let hasher = hasher()
        defer { hasher.shutdown() }
        #expect(hasher.needsRehash(phc))
        #expect(hasher.needsRehash("not a hash"))
        #expect(try await hasher.verify(secret("violet anchor"), against: phc, source: source))
    }

    @Test("an unknown account costs one hash of the same parameters")
    func unknownAccount() async throws {
        let hasher = hasher()
        defer { hasher.shutdown() }
        _ = try await hasher.verify(secret("violet anchor"), against: nil, source: source)
        #expect(hasher.statistics.done == 1)
    }

    @Test("a storm is answered in full: every caller gets a hash or is told when to come again")
    func storm() async throws {
        let hasher = hasher(queueLengthMax: 8)
        defer { hasher.shutdown() }
        let secret = secret("violet anchor")
        let results = await withTaskGroup(of: Result<String, HashingError>.self) { group in
            for number in 0..<300 {
                group.addTask {
                    do throws(HashingError) {
                        let source = SourceBucket.v4(UInt32(number % 7))
                        return .success(try await hasher.hash(secret, source: source))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let hashes = results.compactMap { try? $0.get() }
        let statistics = hasher.statistics
        #expect(Set(hashes).count == hashes.count && !hashes.isEmpty)
        #expect(statistics.done == UInt64(hashes.count))
        #expect(statistics.shed == UInt64(300 - hashes.count))
        #expect(statistics.queued == 0 && statistics.running == 0)
        for result in results {
            guard case .failure(let error) = result else { continue }
            guard case .overloaded(let seconds) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect((1...30).contains(seconds))
        }
    }

    @Test("after the end everything is refused")
    func shutdown() async {
        let hasher = hasher()
        hasher.shutdown()
        hasher.shutdown()
        await #expect(throws: HashingError.shutDown) {
            try await hasher.hash(secret("violet anchor"), source: source)
        }
    }
}

@Suite struct HashingCoreTests {
    private let source = SourceBucket.v4(1)

    /// Work that says when it starts and ends when it is told to.
    private struct Blocker: Sendable {
        let started: AsyncStream<Void>
        private let hasStarted: AsyncStream<Void>.Continuation
        private let gate = DispatchSemaphore(value: 0)

        init() { (started, hasStarted) = AsyncStream.makeStream() }

        func run() -> HashingCore.Outcome {
            hasStarted.finish()
            gate.wait()
            return .verified(true)
        }

        func release() { gate.signal() }
        func waitUntilStarted() async { for await _ in started {} }
    }

    private func core(waitSecondsMax: Double = 60) -> HashingCore {
        HashingCore(
            queue: HashQueue(
                threads: 1, lengthMax: 10, waitSecondsMax: waitSecondsMax, averageSeconds: 0))
    }

    private static func isRight(_ outcome: HashingCore.Outcome) -> Bool {
        if case .verified(let isRight) = outcome { isRight } else { false }
    }

    private static var threadName: String {
        let comm = FileHandle(forReadingAtPath: "/proc/thread-self/comm")?.availableData ?? Data()
        return String(decoding: comm.dropLast(), as: UTF8.self)
    }

    @Test("work runs on the hashing threads, at a lower priority")
    func thread() async throws {
        let core = core()
        defer { core.shutDown() }
        let outcome = try await core.run(source: source) {
            let niceness = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
            return .hashed("\(Self.threadName) \(niceness)")
        }
        guard case .hashed(let text?) = outcome else {
            Issue.record("no text")
            return
        }
        #expect(text == "hash-1 5")
    }

    @Test("what waits is given up at its deadline though every thread is busy")
    func deadline() async throws {
        let core = core(waitSecondsMax: 0.05)
        defer { core.shutDown() }
        let blocker = Blocker()
        async let running = core.run(source: source) { blocker.run() }
        await blocker.waitUntilStarted()
        await #expect(throws: HashingError.overloaded(retryAfterSeconds: 1)) {
            _ = try await core.run(source: source) { .verified(true) }
        }
        #expect(core.statistics.running == 1 && core.statistics.shed == 1)
        blocker.release()
        #expect(Self.isRight(try await running))
    }

    @Test("a cancelled caller leaves the queue, and what it was to compute is not computed")
    func cancelsWaiting() async throws {
        let core = core()
        defer { core.shutDown() }
        let blocker = Blocker()
        async let running = core.run(source: source) { blocker.run() }
        await blocker.waitUntilStarted()
        let waiting = Task { [source] in
            _ = try await core.run(source: source) { .verified(true) }
        }
        waiting.cancel()
        #expect(await waiting.result.hashingError == .cancelled)
        blocker.release()
        #expect(Self.isRight(try await running))
        // What comes after proves that the thread has passed the cancelled work.
        #expect(Self.isRight(try await core.run(source: source) { .verified(true) }))
        #expect(core.statistics.done == 2)
    }

    @Test("the thread belongs to the work: cancelling its caller does not free it")
    func cancelsRunning() async throws {
        let core = core(waitSecondsMax: 0.05)
        defer { core.shutDown() }
        let blocker = Blocker()
        let running = Task { [source] in
            try await core.run(source: source) { blocker.run() }
        }
        await blocker.waitUntilStarted()
        running.cancel()
        await #expect(throws: HashingError.overloaded(retryAfterSeconds: 1)) {
            _ = try await core.run(source: source) { .verified(true) }
        }
        #expect(core.statistics.running == 1)
        blocker.release()
        #expect(Self.isRight(try await running.value))
    }

    @Test("at the end what waits is refused and what runs is finished")
    func shutDown() async throws {
        let core = core()
        let blocker = Blocker()
        async let running = core.run(source: source) { blocker.run() }
        await blocker.waitUntilStarted()
        let waiting = Task { [source] in
            _ = try await core.run(source: source) { .verified(true) }
        }
        core.shutDown()
        #expect(await waiting.result.hashingError == .shutDown)
        blocker.release()
        #expect(Self.isRight(try await running))
    }
}

extension Result {
    fileprivate var hashingError: HashingError? {
        if case .failure(let error) = self { error as? HashingError } else { nil }
    }
}
