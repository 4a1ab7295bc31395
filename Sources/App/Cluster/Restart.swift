import Foundation
import Synchronization

/// The end of an ownership that was lost: the program begins anew as a standby.
///
/// What is in memory may hold what is not in the log, and hundreds of requests may be about to say
/// so. A process that replaces itself can't say anything any more, whichever line of code it was
/// in; docs/decisions/0009 has why it is done so.
enum Restart {
    /// One line is enough, and one process image too.
    private static let hasBegun = Atomic(false)
    /// EX_TEMPFAIL of sysexits.h: whoever looks after the process starts it again.
    private static let exitCode: Int32 = 75
    private static let lastStandardDescriptor = 2

    /// - Parameter isStopping: the program was told to stop, and then it is nothing else either.
    static func asStandby(because reason: String, isStopping: Bool) -> Never {
        if isStopping { _exit(exitCode) }
        guard !hasBegun.exchange(true, ordering: .acquiringAndReleasing) else {
            while true { pause() }
        }
        let line = "{\"level\":\"warning\",\"message\":\"begins anew as a standby: \(reason)\"}\n"
        FileHandle.standardError.write(Data(line.utf8))
        closeOnReplacement()
        resetSignals()
        let arguments = CommandLine.arguments
        // Safe: the strings are copies that nobody frees, and the array ends with nil. All other
        // threads end with the call.
        unsafe replace(arguments)
        _exit(exitCode)
    }

    @unsafe private static func replace(_ arguments: [String]) {
        var pointers = unsafe arguments.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        _ = unsafe execv("/proc/self/exe", pointers)
    }

    /// Connections end with the process image, the listening socket too.
    private static func closeOnReplacement() {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap({ Int32($0) }) where descriptor > lastStandardDescriptor {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    /// What is blocked or ignored stays so in the new image, which has to hear of the stop.
    private static func resetSignals() {
        for number in [SIGTERM, SIGINT, SIGHUP] { signal(number, SIG_DFL) }
        var none = sigset_t()
        // Safe: the set lives for both calls.
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
    }
}
