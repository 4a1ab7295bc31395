import Actors
import Persistence
import Replication

/// Commands of operators, in a cluster.
extension ClusterServer {
    /// Does what is asked at this server's socket, or has the owner of the shard do it.
    func perform(_ command: OperatorCommand) async -> OperatorReply {
        switch command {
        case .handOver: await handOverAsked()
        case .comeBack: comeBackAsked()
        default: await OperatorRouter(calls: calls).perform(command)
        }
    }

    /// Opens the desk: what is asked of a shard of this server, from here or from another server.
    func open(_ service: OperatorService) {
        desk.open { [gates, count = member.log.shardCount] command in
            guard case .shard(let shard) = command.home(of: count) else {
                return await service.perform(command)
            }
            guard let permit = gates[shard].enter(.slow) else {
                return .refused(APIError(ErrorCode.notReady))
            }
            defer { permit.leave() }
            let reply = await service.perform(command)
            guard permit.isValid else {
                return .refused(
                    APIError(
                        .notReady, message: "This server gave the shard up meanwhile.",
                        suggestedFix: "Look whether the command has done its work."))
            }
            return reply
        }
    }

    private struct HandedOver: Encodable { let is_taken_over: Bool }

    private func handOverAsked() async -> OperatorReply {
        guard core.holds.holdsAny else {
            return .refused(
                APIError(
                    .notReady, message: "This server owns nothing that it could give up.",
                    suggestedFix: "`countersign_cluster_shards_served` in /metrics says how much a "
                        + "server owns."))
        }
        let isTaken = await handOverAll()
        return .done(
            HandedOver(is_taken_over: isTaken),
            isTaken
                ? "other servers own all shards; `hand-over --end` makes this one a choice again"
                : "some shards have no owner yet")
    }

    private func comeBackAsked() -> OperatorReply {
        guard !process.isStopping.isSet else { return .refused(APIError(ErrorCode.notReady)) }
        comeBack()
        return .done(EmptyEnvelope(), "this server gets its share again, one shard a second")
    }
}
