import Glibc
import Testing

@testable import Persistence

/// The thin layer over the system calls, of which no simulated disk can tell anything.
@Suite("System calls")
struct SystemCallTests {
    /// The system refuses to sync it, so a sync that is really asked for throws.
    private static let unsyncable = "/dev/null"

    @Test("a sync reaches the system, and what the system says is thrown")
    func syncs() throws {
        let file = try POSIXFileSystem().open(Self.unsyncable, .writing)
        let refused = { (operation: String) in
            StorageError.system(operation: operation, path: Self.unsyncable, errno: EINVAL)
        }
        #expect(throws: refused("fdatasync")) { try file.fdatasync() }
        #expect(throws: refused("fsync")) { try file.fsync() }
        #expect(throws: refused("fsync")) {
            try POSIXFileSystem().fsyncDirectory(Self.unsyncable)
        }
    }

    @Test("a call that a signal interrupts is repeated, and no other")
    func interruptions() {
        var calls = 0
        let result = repeating { () -> Int32 in
            calls += 1
            errno = EINTR
            return calls < 4 ? -1 : 7
        }
        #expect(result == 7 && calls == 4)
        calls = 0
        let failed = repeating { () -> Int32 in
            calls += 1
            errno = EIO
            return -1
        }
        #expect(failed == -1 && calls == 1)
    }
}
