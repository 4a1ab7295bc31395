import Glibc

/// State under a lock, with conditions to wait for: a POSIX mutex and one condition variable a
/// topic.
///
/// `Synchronization.Mutex` has no condition variable, and the writer thread must sleep until there
/// is work. Waiting threads are our own, never those of the cooperative pool.
///
/// Unchecked Sendable is sound: `state` is touched only between lock and unlock of `mutex`, and
/// what leaves it is Sendable.
@safe
final class Monitor<State: Sendable, Topic: CaseIterable & RawRepresentable & Sendable>:
    @unchecked Sendable
where Topic.RawValue == Int {
    private var state: State
    // Allocated, because their addresses must not move; freed in deinit.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutablePointer<pthread_cond_t>

    init(_ state: State) {
        self.state = state
        // Safe: each object is initialised exactly once before anybody else can see it.
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe conditions = .allocate(capacity: Topic.allCases.count)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // Waits must not end early or late because somebody set the clock.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        for topic in Topic.allCases {
            unsafe pthread_cond_init(conditions + topic.rawValue, &attributes)
        }
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        // Safe: a thread that uses this object holds a reference to it, so nobody does any more.
        for topic in Topic.allCases { unsafe pthread_cond_destroy(conditions + topic.rawValue) }
        unsafe pthread_mutex_destroy(mutex)
        unsafe conditions.deallocate()
        unsafe mutex.deallocate()
    }

    func withLock<Value: Sendable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Waits until `body` answers something. It is asked at once and after every `wake` of the
    /// topic.
    ///
    /// - Returns: nil when nothing came within the time.
    func wait<Value: Sendable>(
        for topic: Topic, milliseconds: Int? = nil, until body: (inout State) -> Value?
    ) -> Value? {
        let deadline = milliseconds.map { Self.deadline(inMilliseconds: $0) }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let value = body(&state) { return value }
            // Safe: mutex and condition are initialised, and this thread holds the mutex.
            let condition = unsafe conditions + topic.rawValue
            if var deadline {
                let result = unsafe pthread_cond_timedwait(condition, mutex, &deadline)
                if result == ETIMEDOUT { return body(&state) }
            } else {
                unsafe pthread_cond_wait(condition, mutex)
            }
        }
    }

    /// Wakes everybody who waits for the topic.
    func wake(_ topic: Topic) { unsafe pthread_cond_broadcast(conditions + topic.rawValue) }

    private static func deadline(inMilliseconds milliseconds: Int) -> timespec {
        var time = timespec()
        // Safe: `time` is initialised and lives for the call.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let nanoseconds = time.tv_nsec + milliseconds % 1000 * 1_000_000
        time.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        time.tv_nsec = nanoseconds % 1_000_000_000
        return time
    }
}
