import Foundation

/// What the system says of this process.
enum Machine {
    /// The memory that is really in use, in bytes (proc(5), the second field of statm).
    static var residentBytes: UInt64? { memory(field: 1) }

    /// The address space, most of which is never touched.
    static var virtualBytes: UInt64? { memory(field: 0) }

    private static func memory(field: Int) -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
            return nil
        }
        let fields = text.split(separator: " ")
        guard fields.count > field, let pages = UInt64(fields[field]) else { return nil }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Processor time of all threads, in seconds.
    static var processorSeconds: Double {
        var usage = rusage()
        // Safe: `usage` is initialised and lives for the call, which can't fail for ourselves.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// Open file descriptors, and how many there may be.
    static var descriptors: (open: Int, max: UInt64)? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        var limit = rlimit()
        // Safe: `limit` is initialised and lives for the call.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return nil
        }
        return (names.count, UInt64(limit.rlim_cur))
    }
}
