package import ArgumentParser
import Foundation

/// The program: one binary, its commands, and how it ends.
package struct Countersign: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "countersign",
        abstract: "Signs people in, and proves which integrations really work.",
        subcommands: [
            Serve.self, Keygen.self, CheckConfig.self, Users.self, Tokens.self, Verify.self,
            DoctorCommand.self, BackupCommand.self, Restore.self, Export.self,
            Keys.self, Inspect.self, Import.self, Migrate.self,
            HandOver.self, OpenAPI.self, PrintVersion.self,
        ])

    package init() {}

    package static func main() async {
        // What we create is for this user alone: data, keys, the control socket.
        umask(0o077)
        // A client that goes away is an error of a write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// The command line's own errors, and requests for help, are the parser's to show.
    private static func end(with error: any Error) -> Never {
        let code = exitCode(for: error)
        if code != .failure { exit(withError: error) }
        let (status, message) = ExitStatus.of(error)
        FileHandle.standardError.write(Data("error: \(message)\n".utf8))
        Foundation.exit(status.rawValue)
    }
}
