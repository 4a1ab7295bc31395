import Persistence
import Replication

extension ReplicaWorld {
    /// Whoever may answer reads knows of everything that anybody was told: else a client could see
    /// its own write undone. With forced take-overs leases mean nothing.
    func checkReads() {
        guard failure == nil, !usesForce else { return }
        for index in servers.indices where servers[index].replica.role == .owning {
            guard now >= servers[index].pausedUntil else { continue }
            guard servers[index].replica.mayRead(at: servers[index].moment(at: now)) else {
                tally.count(.readRefused)
                continue
            }
            tally.count(.readAllowed)
            let record = servers[index].replica.tail.stream.record
            if record < toldRecord {
                fail("server \(index) answers reads at \(record); somebody was told \(toldRecord)")
            }
        }
    }

    /// A shard may stand still only when no copy is left.
    func checkStop(_ reason: StopReason) {
        guard case .unreadable(let sequence, _) = reason, !stream.isReadable(sequence) else {
            return fail("stopped without need: \(reason)")
        }
        tally.count(.stoppedAsItMust)
    }

    func checkEnd() {
        guard checkOwners() else { return }
        let truth = values(of: stream.stored.map(\.bytes))
        for (record, value) in told {
            guard record <= UInt64(truth.count), truth[Int(record) - 1] == value else {
                return fail("somebody was told of \(value) as record \(record): it is not there")
            }
        }
        guard Set(truth).count == truth.count else { return fail("a record is there twice") }
        for (index, server) in servers.enumerated() {
            guard server.values.elementsEqual(truth.prefix(server.values.count)) else {
                return fail("server \(index) has another state")
            }
        }
        checkRecovery(truth)
        checkProgress(truth)
    }

    /// Reads the envelopes by their layout, not with the code that is tested.
    private func checkOwners() -> Bool {
        var epoch: UInt64 = 0
        var owner: [UInt8] = []
        for (index, message) in stream.stored.enumerated() {
            var reader = ByteReader(message.bytes, in: 12..<64)
            guard let kind = try? reader.read(UInt8.self), (try? reader.readRaw(19)) != nil,
                let sequence = try? reader.read(UInt64.self),
                let found = try? reader.read(UInt64.self), let sender = try? reader.readRaw(16)
            else {
                fail("message \(index + 1) is too short")
                return false
            }
            let isTakeOver = kind == ReplicaMessage.Kind.takeOver.rawValue
            guard sequence == UInt64(index) + 1, found == (isTakeOver ? epoch + 1 : epoch),
                isTakeOver || sender == owner
            else {
                fail("message \(index + 1) is of another owner within epoch \(epoch)")
                return false
            }
            (epoch, owner) = (found, sender)
        }
        return true
    }

    private func values(of messages: [[UInt8]]) -> [UInt64] {
        var values: [UInt64] = []
        let body = ReplicaMessage.headerBytes + StreamTail.sectionHeaderBytes
        for bytes in messages where bytes[12] == ReplicaMessage.Kind.batch.rawValue {
            var reader = ByteReader(bytes, in: body..<bytes.count)
            while let value = try? reader.read(UInt64.self) { values.append(value) }
        }
        return values
    }

    /// A replica that begins with the newest snapshot, or with nothing, finds everything.
    private func checkRecovery(_ truth: [UInt64]) {
        var values = snapshots.last?.values ?? []
        var tail = snapshots.last?.tail ?? ReplicaTail()
        while tail.sequence < stream.last {
            let bytes = stream.stored[Int(tail.sequence)].bytes
            do throws(ReplicaFault) {
                let section = try tail.advance(past: bytes, at: tail.sequence + 1, in: Self.place)
                if let section { values += SimulatedServer.values(in: section) }
            } catch {
                return fail("message \(tail.sequence + 1) does not verify: \(error)")
            }
        }
        guard values == truth else { return fail("recovery finds another state") }
        tally.count(.recovered)
    }

    /// With everything working again, one server owns the shard, the others follow it.
    private func checkProgress(_ truth: [UInt64]) {
        let isBroken = (stream.first...max(stream.first, stream.last)).contains {
            !stream.isReadable($0)
        }
        guard !isBroken, !servers.contains(where: { $0.hasStopped != nil }) else { return }
        let owners = servers.filter { $0.replica.mayRead(at: $0.moment(at: now)) }
        guard owners.count == 1 else { return fail("\(owners.count) servers own the shard") }
        for (index, server) in servers.enumerated()
        where server.values.count + 20 < truth.count {
            fail("server \(index) has \(server.values.count) of \(truth.count) records")
        }
        guard told[UInt64(max(1, truth.count - 20))] != nil || truth.count < 20 else {
            return fail("nobody was told of the last records")
        }
    }
}
