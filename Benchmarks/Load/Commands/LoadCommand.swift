import ArgumentParser
import Glibc
import LoadCore

/// The load generator: open and closed loop, percentiles that leave nothing out, a report to show.
@main
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "countersign-load",
        abstract: "Puts load on Countersign, or on any HTTP/1.1 server, and tells how it took it.",
        discussion: """
            With --rate the load is open: requests are sent at intended times whatever the server \
            does, and latencies count from those times, so a server that stalls can't hide the \
            requests that it kept waiting (coordinated omission). Without --rate the load is \
            closed: each connection sends when it has its answer, and latencies are service times.

            Exit codes: 0 all answers were as expected, 1 some were not, 64 the command line, \
            69 the server can't be reached or prepared, 74 the results can't be written, \
            130 interrupted (the results up to then are written all the same).
            """,
        version: Self.version,
        subcommands: [
            RunCommand.self, RampCommand.self, UpstreamCommand.self, ReportCommand.self,
        ])

    static let version = "1.0.0"

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as LoadError {
            Progress.complain("error: \(error)")
            Glibc.exit(error.exit.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

/// How the program ends, beside what the argument parser has for wrong command lines.
enum LoadExit: Int32 {
    case failures = 1
    case unavailable = 69
    case output = 74
    case interrupted = 130

    /// nil is a run in order.
    static func of(_ result: RunResult) -> LoadExit? {
        if result.wasInterrupted { return .interrupted }
        let isClean = result.total.failed == 0 && result.generator.connectErrors.isEmpty
        return isClean && result.total.ok > 0 ? nil : .failures
    }
}
