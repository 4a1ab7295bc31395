import Glibc
import Synchronization

/// A thread of our own for work that blocks: never the cooperative pool, never an event loop.
final class WorkerThread: Sendable {
    private let handle: pthread_t
    private let isJoined = Atomic(false)

    /// The deepest call chain (frame encoding, SHA-256) needs a few KiB; this leaves ample room.
    private static let stackBytes = 1 << 20

    /// - Parameter name: for the error, should the system refuse another thread.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(StorageError) {
        var attributes = pthread_attr_t()
        var thread = pthread_t()
        let work = unsafe Unmanaged.passRetained(Work(body))
        // Safe: `work` is retained for the thread, which releases it; the attributes are
        // initialised and destroyed here.
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, Self.stackBytes)
        let result = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, unsafe work.toOpaque())
        unsafe pthread_attr_destroy(&attributes)
        guard result == 0 else {
            unsafe work.release()
            throw .system(operation: "start thread", path: name, errno: result)
        }
        handle = thread
    }

    /// Returns when the thread has ended. Repeated calls do nothing.
    func join() {
        guard !isJoined.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // Safe: the handle is joined once only.
        pthread_join(handle, nil)
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
