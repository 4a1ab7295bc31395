import Dispatch
import Foundation
import Persistence
import Synchronization

/// The threads of `PasswordHasher`, and the one lock around the queue that they share with callers.
final class HashingCore: Sendable {
    enum Outcome: Sendable {
        case hashed(String?)
        case verified(Bool)
    }

    struct Job: Sendable {
        let work: @Sendable () -> Outcome
        let continuation: CheckedContinuation<Result<Outcome, HashingError>, Never>
    }

    private struct State: Sendable {
        var queue: HashQueue<Job>
        var done: UInt64 = 0
        var shed: UInt64 = 0
        var isShutDown = false

        /// Counts work as refused, and says when to come again.
        mutating func shed(_ count: Int) -> HashingError {
            shed += UInt64(count)
            return .overloaded(retryAfterSeconds: queue.retryAfterSeconds)
        }

        mutating func takeExpired() -> (late: [HashQueue<Job>.Entry], error: HashingError) {
            let late = queue.takeExpired(now: HashingCore.monotonicSeconds())
            return (late, shed(late.count))
        }
    }

    private let state: Mutex<State>
    private let lastID = Atomic<UInt64>(0)
    /// Signalled once for each piece of work that was queued, and for each thread at the end.
    private let wake = DispatchSemaphore(value: 0)
    /// Microseconds that work waited before it was started.
    let waits = Histogram(bounds: [
        1_000, 5_000, 20_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
    ])
    private let threads: Int
    private let waitSecondsMax: Double

    init(queue: HashQueue<Job>) {
        threads = queue.threads
        waitSecondsMax = queue.waitSecondsMax
        state = Mutex(State(queue: queue))
        for number in 1...threads {
            Thread { [self] in runThread(number) }.start()
        }
    }

    var statistics: PasswordHasher.Statistics {
        state.withLock { state in
            PasswordHasher.Statistics(
                queued: state.queue.count, running: state.queue.running, done: state.done,
                shed: state.shed, averageMilliseconds: state.queue.averageSeconds * 1000)
        }
    }

    /// Seconds since some moment before the process began; never goes back.
    static func monotonicSeconds() -> Double {
        Double(DispatchTime.now().uptimeNanoseconds) / 1e9
    }
}

// MARK: The caller's side

extension HashingCore {
    /// Waits for the work to be done by one of the threads, or for the reason why it will not be.
    func run(
        source: SourceBucket, _ work: @escaping @Sendable () -> Outcome
    ) async throws(HashingError) -> Outcome {
        let id = lastID.add(1, ordering: .relaxed).newValue
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                submit(Job(work: work, continuation: continuation), id: id, source: source)
            }
        } onCancel: {
            cancel(id: id, source: source)
        }
        return try result.get()
    }

    private func submit(_ job: Job, id: UInt64, source: SourceBucket) {
        var refused: (job: Job, error: HashingError)?
        let isWaiting = state.withLock { state in
            guard !state.isShutDown else {
                refused = (job, .shutDown)
                return false
            }
            // Under the lock, because a cancellation before this found nothing to take out.
            guard !Task.isCancelled else {
                refused = (job, .cancelled)
                return false
            }
            switch state.queue.add(job, id: id, source: source, now: Self.monotonicSeconds()) {
            case .waiting:
                return true
            case .waitingInsteadOf(let displaced):
                refused = (displaced.work, state.shed(1))
                return true
            case .refused:
                refused = (job, state.shed(1))
                return false
            }
        }
        if let refused { refused.job.continuation.resume(returning: .failure(refused.error)) }
        guard isWaiting else { return }
        wake.signal()
        scheduleDeadline()
    }

    /// The threads give up what is late before they take the next piece. This is for the case that
    /// all of them are busy for longer than the deadline.
    private func scheduleDeadline() {
        DispatchQueue.global().asyncAfter(deadline: .now() + waitSecondsMax) { [weak self] in
            self?.giveUpLate()
        }
    }

    private func giveUpLate() {
        let (late, error) = state.withLock { state in state.takeExpired() }
        refuse(late, error)
    }

    private func cancel(id: UInt64, source: SourceBucket) {
        let entry = state.withLock { $0.queue.remove(id: id, source: source) }
        refuse(entry.map { [$0] } ?? [], .cancelled)
    }

    func shutDown() {
        let waiting = state.withLock { state in
            state.isShutDown = true
            return state.queue.removeAll()
        }
        refuse(waiting, .shutDown)
        for _ in 0..<threads { wake.signal() }
    }

    private func refuse(_ entries: [HashQueue<Job>.Entry], _ error: HashingError) {
        for entry in entries { entry.work.continuation.resume(returning: .failure(error)) }
    }
}

// MARK: The threads' side

extension HashingCore {
    /// Enough for the server's own threads to go first under load; the hashes still get all of the
    /// processor time that nobody else wants.
    private static let niceness: Int32 = 5

    private func runThread(_ number: Int) {
        // For `top -H` and debuggers; without /proc it keeps its name. Foundation's own setter does
        // nothing while the starting thread has not stored the new thread's handle.
        FileHandle(forWritingAtPath: "/proc/thread-self/comm")?.write(Data("hash-\(number)".utf8))
        // With `who` 0 this is the calling thread alone (setpriority(2), "C library/kernel
        // differences"). Raising the niceness needs no privilege; were it refused, hashes would
        // only compete with the rest as equals.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, HashingCore.niceness)
        while true {
            wake.wait()
            let (next, late, error, isShutDown) = state.withLock { state in
                let (late, error) = state.takeExpired()
                return (state.queue.next(), late, error, state.isShutDown)
            }
            refuse(late, error)
            if let next {
                let waited = Self.monotonicSeconds() - (next.startBy - waitSecondsMax)
                waits.add(Int64(waited * 1e6))
                perform(next.work)
            }
            if isShutDown { return }
        }
    }

    private func perform(_ job: Job) {
        let started = HashingCore.monotonicSeconds()
        let outcome = job.work()
        let seconds = HashingCore.monotonicSeconds() - started
        state.withLock { state in
            state.queue.finish(seconds: seconds)
            state.done += 1
        }
        job.continuation.resume(returning: .success(outcome))
    }
}
