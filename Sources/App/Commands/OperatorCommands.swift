import ArgumentParser
import Foundation

/// What all operator's commands share: where the data is, and how to answer.
struct OperatorOptions: ParsableArguments {
    @OptionGroup var data: DataOptions
    @Flag(help: "Answer in JSON.")
    var json = false

    /// Asks the running server, or does it alone when none has the directory.
    func run(_ command: OperatorCommand) async throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try Settings.load(
            config: data.config, flags: data.values, environment: environment
        ).settings
        let directory = settings.dataDirectory
        let reply: OperatorReply
        if FileManager.default.fileExists(atPath: directory),
            let answer = try await ControlClient.ask(command, in: directory)
        {
            reply = answer
        } else {
            let keys = try MasterKeys.load(environment: environment)
            reply = try await Server.withOffline(settings, keys: keys) { service in
                await service.perform(command)
            }
        }
        guard reply.isDone else { throw OperatorRefusal(text: json ? reply.json : reply.text) }
        print(json ? reply.json : reply.text)
    }
}

struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List and change accounts, beside a running server or without one.",
        subcommands: [
            List.self, Add.self, MakeAdmin.self, MakeMember.self, Disable.self, Enable.self,
            EndSessions.self, ResetSecondFactor.self, ResetPassword.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All accounts.")
        @OptionGroup var options: OperatorOptions
        func run() async throws { try await options.run(.listUsers) }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account; its owner sets the password with the token that is shown.")
        @OptionGroup var options: OperatorOptions
        @Argument var email: String
        func run() async throws { try await options.run(.addUser(email: email)) }
    }

    struct MakeAdmin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give the role of an admin.")
        @OptionGroup var options: OperatorOptions
        @Argument var email: String
        func run() async throws {
            try await options.run(.setRole(email: email, isAdmin: true))
        }
    }

    struct MakeMember: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take the role of an admin.")
        @OptionGroup var options: OperatorOptions
        @Argument var email: String
        func run() async throws {
            try await options.run(.setRole(email: email, isAdmin: false))
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep the owner out and end all sessions.")
        @OptionGroup var options: OperatorOptions
        @Argument var email: String
        func run() async throws {
            try await options.run(.setDisabled(email: email, isDisabled: true))
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let the owner in again.")
        @OptionGroup var options: OperatorOptions
        @Argument var email: String
        func run() async throws {
            try await options.run(.setDisabled(email: email, isDisabled: false))
        }
    }

    struct EndSessions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End all sessions.")
        @OptionGroup var options: OperatorOptions
        @Argument var email: String
        func run() async throws { try await options.run(.endSessions(email: email)) }
    }

    struct ResetSecondFactor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove the second factor of somebody who lost it.")
        @OptionGroup var options: OperatorOptions
        @Argument var email: String
        func run() async throws { try await options.run(.resetSecondFactor(email: email)) }
    }

    struct ResetPassword: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token with which the owner sets a new password, once.")
        @OptionGroup var options: OperatorOptions
        @Argument var email: String
        func run() async throws { try await options.run(.resetPassword(email: email)) }
    }
}

struct HandOver: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hand-over",
        abstract: "Give the shards of this server to the others of its cluster, until --end.")

    @OptionGroup var options: OperatorOptions
    @Flag(help: "Let this server have shards again.")
    var end = false

    func run() async throws { try await options.run(end ? .comeBack : .handOver) }
}

struct Tokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tokens of programs, beside a running server or without one.",
        subcommands: [List.self, Mint.self, Revoke.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All live tokens.")
        @OptionGroup var options: OperatorOptions
        func run() async throws { try await options.run(.listTokens) }
    }

    struct Mint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token; it is shown once.")
        @OptionGroup var options: OperatorOptions
        @Option(help: "What people recognise it by.")
        var name: String
        @Option(help: "What it may do; several times for several scopes.")
        var scope: [String]
        @Option(help: "Days until it ends; never when absent.")
        var expiresInDays: Int?
        @Option(help: "The admin who owns it; the oldest when absent.")
        var owner: String?
        func run() async throws {
            try await options.run(
                .mintToken(name: name, scopes: scope, expiresInDays: expiresInDays, owner: owner))
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a token.")
        @OptionGroup var options: OperatorOptions
        @Argument var id: String
        func run() async throws { try await options.run(.revokeToken(id: id)) }
    }
}
