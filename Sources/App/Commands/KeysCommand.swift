import Actors
import ArgumentParser
import Foundation

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The data keys that second factors are sealed with.",
        subcommands: [Rotate.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new data key and seal everything under it anew.",
            discussion: """
                Goes on while the server serves, and after a crash where it was. The old key is \
                dropped when neither an account nor any file of the data directory has a secret \
                under it any more; until then it stays, wrapped, and goes by itself after a later \
                snapshot. To change APP_ENC_KEY itself, start once with the old one as \
                APP_ENC_KEY_PREVIOUS.
                """)

        @OptionGroup var data: DataOptions
        @Flag(help: "Answer in JSON.")
        var json = false

        func run() async throws {
            let environment = ProcessInfo.processInfo.environment
            let settings = try Settings.load(
                config: data.config, flags: data.values, environment: environment
            ).settings
            let directory = settings.dataDirectory
            if FileManager.default.fileExists(atPath: directory),
                let first = try await ControlClient.ask(.rotateKeys(.begin), in: directory)
            {
                return try await go(first) { step in
                    guard
                        let reply = try await ControlClient.ask(.rotateKeys(step), in: directory)
                    else { throw ControlClient.NoAnswer() }
                    return reply
                }
            }
            let keys = try MasterKeys.load(environment: environment)
            try await Server.withOffline(settings, keys: keys) { service in
                try await go(await service.perform(.rotateKeys(.begin))) { step in
                    await service.perform(.rotateKeys(step))
                }
            }
        }

        private func go(
            _ first: OperatorReply, _ ask: (KeyRotation.Step) async throws -> OperatorReply
        ) async throws {
            var progress = try progress(first)
            let total = progress.remaining
            say(
                progress.isResumed
                    ? "going on with a rotation that was cut off: \(total) accounts are left"
                    : "data key \(progress.keys.last ?? 0) is new; \(total) accounts to seal anew")
            while progress.remaining > 0 {
                progress = try self.progress(try await ask(.reseal))
                say("\(total - min(total, progress.remaining)) of \(total)")
            }
            progress = try self.progress(try await ask(.finish))
            if json {
                print(OperatorReply.done(progress, "").json)
            } else if progress.keptFor.isEmpty {
                print("Done: data key \(progress.keys.last ?? 0) is the only one.")
            } else {
                let older = progress.keys.dropLast().map(String.init).joined(separator: ", ")
                print(
                    "Done: everything is sealed under data key \(progress.keys.last ?? 0). Key "
                        + "\(older) stays, wrapped, for what older files still hold "
                        + "(\(progress.keptFor.joined(separator: ", "))); it goes by itself when "
                        + "a later snapshot has made them superfluous.")
            }
        }

        private func progress(_ reply: OperatorReply) throws -> KeyRotation.Progress {
            guard reply.isDone else { throw OperatorRefusal(text: reply.text) }
            return try JSONDecoder().decode(
                KeyRotation.Progress.self, from: Data(reply.json.utf8))
        }

        private func say(_ text: String) {
            FileHandle.standardError.write(Data("\(text)\n".utf8))
        }
    }
}
