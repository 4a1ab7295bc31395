import Glibc

/// The numbers that connections fail with.
enum SystemError {
    static let refused = ECONNREFUSED
    static let reset = ECONNRESET
    static let brokenPipe = EPIPE
}

/// Processor time, as the kernel accounts for it.
enum ProcessorTime {
    /// Seconds that the calling thread has used.
    static func ofThread() -> Double {
        var time = timespec()
        // Safe: the kernel fills in the structure that it is given. The clock is always there.
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Ticks of the figures in /proc, a second.
    static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
}

enum Signals {
    static func terminate(_ process: Int32) { kill(process, SIGTERM) }
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
}
