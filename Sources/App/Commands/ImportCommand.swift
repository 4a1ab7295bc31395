import ArgumentParser
import Foundation

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over accounts of another system.", subcommands: [Users.self])

    struct Users: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make accounts from lines of JSON, with their password hashes.",
            discussion: """
                One object a line: {"email", "password_hash", "role"?, "phone_e164"?, \
                "created_at"?}. Hashes may be argon2id, bcrypt ($2a$, $2b$, $2y$), scrypt, \
                PBKDF2-SHA256 and PBKDF2-SHA512, in the forms of PHC, passlib and Django. Each is \
                verified at its owner's first sign-in and replaced by ours then. An address that \
                has an account is left alone, so the command can be repeated.
                """)

        @OptionGroup var data: DataOptions
        @Flag(help: "Answer in JSON.")
        var json = false
        @Option(help: "The file with the lines.")
        var from: String
        @Flag(help: "Check every line and change nothing.")
        var dryRun = false

        /// As many as fit one line of the control socket, whatever is in them.
        private static let batchBytesMax = 32 << 10

        func run() async throws {
            let environment = ProcessInfo.processInfo.environment
            let settings = try Settings.load(
                config: data.config, flags: data.values, environment: environment
            ).settings
            let directory = settings.dataDirectory
            // Nothing at all, to learn whether a server is there.
            let nothing = OperatorCommand.importUsers([], isDryRun: true)
            if FileManager.default.fileExists(atPath: directory),
                try await ControlClient.ask(nothing, in: directory) != nil
            {
                return try await go { command in
                    guard let reply = try await ControlClient.ask(command, in: directory) else {
                        throw ControlClient.NoAnswer()
                    }
                    return reply
                }
            }
            let keys = try MasterKeys.load(environment: environment)
            try await Server.withOffline(settings, keys: keys) { service in
                try await go { await service.perform($0) }
            }
        }

        private func go(
            _ ask: (OperatorCommand) async throws -> OperatorReply
        ) async throws {
            guard let content = FileManager.default.contents(atPath: from) else {
                throw OperatorFailure(status: .inputOutput, text: "Can't read \(from).")
            }
            var tally = ImportTally()
            var batch: [(line: Int, user: ImportedUser)] = []
            var bytes = 0
            for (index, text) in content.split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
            ).enumerated() {
                let line = index + 1
                if text.isEmpty { continue }
                guard let user = try? JSONDecoder().decode(ImportedUser.self, from: Data(text))
                else {
                    report(line, "it is no JSON object with email and password_hash", &tally)
                    continue
                }
                if bytes + text.count > Self.batchBytesMax, !batch.isEmpty {
                    try await send(batch, &tally, ask)
                    batch = []
                    bytes = 0
                }
                batch.append((line, user))
                bytes += text.count
            }
            if !batch.isEmpty { try await send(batch, &tally, ask) }
            print(json ? OperatorReply.done(tally, "").json : tally.text(dryRun: dryRun))
            guard tally.refused == 0 else {
                throw OperatorRefusal(text: "\(tally.refused) lines were not taken; see above.")
            }
        }

        private func send(
            _ batch: [(line: Int, user: ImportedUser)], _ tally: inout ImportTally,
            _ ask: (OperatorCommand) async throws -> OperatorReply
        ) async throws {
            let reply = try await ask(.importUsers(batch.map(\.user), isDryRun: dryRun))
            guard reply.isDone else { throw OperatorRefusal(text: reply.text) }
            let outcomes = try JSONDecoder().decode(
                [ImportedUser.Outcome].self, from: Data(reply.json.utf8))
            for (entry, outcome) in zip(batch, outcomes) {
                switch outcome {
                case .imported: tally.imported += 1
                case .exists: tally.exist += 1
                case .refused(let reason): report(entry.line, reason, &tally)
                }
            }
        }

        private func report(_ line: Int, _ reason: String, _ tally: inout ImportTally) {
            tally.refused += 1
            FileHandle.standardError.write(Data("\(from):\(line): \(reason)\n".utf8))
        }
    }
}

/// How many lines came to what.
struct ImportTally: Encodable {
    var imported = 0
    var exist = 0
    var refused = 0

    func text(dryRun: Bool) -> String {
        let verb = dryRun ? "would be imported" : "imported"
        return "\(imported) \(verb), \(exist) exist already, \(refused) not taken"
    }
}
