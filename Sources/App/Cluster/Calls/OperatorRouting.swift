import Actors
import Foundation
import Persistence
import Synchronization

/// Where an operator's command belongs.
enum CommandHome: Equatable, Sendable {
    case shard(ShardID)
    /// It concerns several shards, and whoever carries it out asks each.
    case all
    /// Every server has its own answer.
    case thisServer
}

extension OperatorCommand {
    func home(of shardCount: Int) -> CommandHome {
        switch self {
        case .addUser(let email), .setRole(let email, _), .setDisabled(let email, _),
            .endSessions(let email), .resetSecondFactor(let email), .resetPassword(let email):
            Self.home(ofEmail: email, shardCount)
        // Tokens are the installation's.
        case .listTokens, .mintToken, .revokeToken: .shard(InstallationActor.shard)
        case .listUsers: .all
        case .importUsers(let users, _): Self.home(of: users, shardCount)
        case .logExtent, .rotateKeys, .handOver, .comeBack: .thisServer
        }
    }

    /// What is no address is refused by whoever is asked.
    private static func home(ofEmail text: String, _ shardCount: Int) -> CommandHome {
        (try? EmailAddress(text)).map { .shard($0.shard(of: shardCount)) } ?? .thisServer
    }

    private static func home(of users: [ImportedUser], _ shardCount: Int) -> CommandHome {
        let homes = Set(users.map { home(ofEmail: $0.email, shardCount) })
        return homes.count == 1 ? homes.first ?? .all : .all
    }
}

extension CommandHome: Hashable {}

/// Who carries out operators' commands on this server. Others may ask before the server has made
/// what it is carried out with.
final class OperatorDesk: Sendable {
    private let service = Mutex<(@Sendable (OperatorCommand) async -> OperatorReply)?>(nil)

    func open(_ perform: @escaping @Sendable (OperatorCommand) async -> OperatorReply) {
        service.withLock { $0 = perform }
    }

    func perform(_ command: OperatorCommand) async -> OperatorReply {
        guard let service = service.withLock({ $0 }) else {
            return .refused(APIError(ErrorCode.notReady))
        }
        return await service(command)
    }
}

/// Carries out an operator's commands in a cluster, whichever server the operator sits at: each is
/// done by the owner of the shard that it concerns.
struct OperatorRouter: Sendable {
    let calls: RoutedShardCalls

    private var shardCount: Int { calls.directory.shardCount }

    @Sendable func perform(_ command: OperatorCommand) async -> OperatorReply {
        switch command.home(of: shardCount) {
        case .thisServer: return await local(command)
        case .shard(let shard): return await perform(command, in: shard)
        case .all:
            if case .importUsers(let users, let isDryRun) = command {
                return await importUsers(users, isDryRun: isDryRun)
            }
            return await local(command)
        }
    }

    private func local(_ command: OperatorCommand) async -> OperatorReply {
        await calls.answerer.desk.perform(command)
    }

    private func perform(_ command: OperatorCommand, in shard: ShardID) async -> OperatorReply {
        if calls.directory.place(of: shard) == .here { return await local(command) }
        do {
            let json = Array(try JSONEncoder().encode(command))
            guard case .reply(let reply) = try await calls.ask(.perform(shard, command: json))
            else { return .refused(APIError(ErrorCode.notReady)) }
            return try JSONDecoder().decode(OperatorReply.self, from: Data(reply))
        } catch {
            return .refused(
                APIError(
                    ErrorCode.notReady,
                    message: "The server that owns this part of the data does not answer.",
                    suggestedFix: "Look whether the command was carried out, and repeat it if "
                        + "not."))
        }
    }

    /// Each account by the owner of its shard; the outcomes are in the order of the accounts.
    private func importUsers(_ users: [ImportedUser], isDryRun: Bool) async -> OperatorReply {
        var outcomes = [ImportedUser.Outcome?](repeating: nil, count: users.count)
        let groups = Dictionary(grouping: users.indices) { index in
            OperatorCommand.addUser(email: users[index].email).home(of: shardCount)
        }
        for (_, places) in groups {
            let part = OperatorCommand.importUsers(places.map { users[$0] }, isDryRun: isDryRun)
            let reply = await perform(part)
            let found = Self.outcomes(of: reply, count: places.count)
            for (place, outcome) in zip(places, found) { outcomes[place] = outcome }
        }
        return .done(outcomes.compactMap(\.self), "")
    }

    private static func outcomes(
        of reply: OperatorReply, count: Int
    ) -> [ImportedUser.Outcome] {
        if reply.isDone,
            let found = try? JSONDecoder().decode(
                [ImportedUser.Outcome].self, from: Data(reply.json.utf8)), found.count == count
        {
            return found
        }
        let reason = reply.text.split(separator: "\n").first.map(String.init) ?? "no answer"
        return Array(repeating: .refused(reason), count: count)
    }
}
