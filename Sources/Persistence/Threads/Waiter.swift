/// A task that waits for the disk.
///
/// Unsafe continuations cost no allocation and no lock each. They are sound here because a waiter
/// is put into exactly one place, the batch that carries its position, and `AppendQueue` hands each
/// batch out once.
@safe struct Waiter: Sendable {
    private let continuation: UnsafeContinuation<Void, Never>

    /// Suspends the task until `resume`, or not at all when `enqueue` answers false.
    static func wait(_ enqueue: (Waiter) -> Bool) async {
        unsafe await withUnsafeContinuation { continuation in
            let waiter = unsafe Waiter(continuation: continuation)
            if !enqueue(waiter) { waiter.resume() }
        }
    }

    func resume() { unsafe continuation.resume() }
}
