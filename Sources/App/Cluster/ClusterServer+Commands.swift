/// Commands of operators, in a cluster.
extension ClusterServer {
    /// Does what the owner can do, and nothing where this server is not the owner.
    func perform(
        _ command: OperatorCommand, by service: OperatorService
    ) async -> OperatorReply {
        if case .handOver = command { return await handOverAsked() }
        guard let permit = gate.enter(.slow) else {
            return .refused(
                APIError(
                    .notReady, message: "This server does not own the data.",
                    suggestedFix: "Run the command on the machine of the owner: "
                        + "`countersign_cluster_owner` in its /metrics is 1."))
        }
        defer { permit.leave() }
        let reply = await service.perform(command)
        guard permit.isValid else {
            return .refused(
                APIError(
                    .notReady, message: "This server gave the data up meanwhile.",
                    suggestedFix: "Look at the owner whether the command has done its work."))
        }
        return reply
    }

    private struct HandedOver: Encodable { let is_taken_over: Bool }

    private func handOverAsked() async -> OperatorReply {
        guard member.ownsAny else {
            return .refused(
                APIError(
                    .notReady, message: "This server owns nothing that it could give up.",
                    suggestedFix: "`countersign_cluster_owner` in the owner's /metrics is 1."))
        }
        let isTaken = await handOver()
        // From now on it is one of those who wait, unless it is about to stop.
        if !process.isStopping.isSet { member.stand() }
        return .done(
            HandedOver(is_taken_over: isTaken),
            isTaken
                ? "another server owns the data"
                : "nobody has taken the data over, so this server may own it again")
    }
}
