/// Somebody who waits for the disk: a task, or an event loop that must not suspend.
///
/// Unsafe continuations cost no allocation and no lock each. They are sound here because a waiter
/// is put into exactly one place, the batch that carries its position, and `AppendQueue` hands each
/// batch out once.
@safe struct Waiter: Sendable {
    @safe private enum Kind: Sendable {
        case task(UnsafeContinuation<Void, Never>)
        case callback(@Sendable () -> Void)
    }

    private let kind: Kind

    private init(_ kind: Kind) { self.kind = kind }

    /// Suspends the task until `resume`, or not at all when `enqueue` answers false.
    static func wait(_ enqueue: (Waiter) -> Bool) async {
        unsafe await withUnsafeContinuation { continuation in
            let waiter = unsafe Waiter(.task(continuation))
            if !enqueue(waiter) { waiter.resume() }
        }
    }

    static func calling(_ body: @escaping @Sendable () -> Void) -> Waiter {
        Waiter(.callback(body))
    }

    func resume() {
        switch kind {
        case .task(let continuation): unsafe continuation.resume()
        case .callback(let body): body()
        }
    }
}
