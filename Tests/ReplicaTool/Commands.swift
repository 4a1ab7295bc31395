import Crypto
import NATS
import Persistence
import Replication

/// What a test can have the tool do.
struct Commands: Sendable {
    let log: JetStreamLog
    let models: [ShardModel]
    let jetStream: JetStream
    let peers: Peers?

    /// - Returns: false for the end.
    func perform(_ line: String) async -> Bool {
        let words = line.split(separator: " ").map(String.init)
        guard let command = words.first else { return true }
        if await peers?.perform(words) == true { return true }
        let number = words.count > 1 ? Int(words[1]) ?? 0 : 0
        guard models.indices.contains(number) else { return true }
        let model = models[number]
        let shard = model.shard
        switch command {
        case "append": Task { await append(words[2], model) }
        case "load":
            Task {
                await load(
                    model, count: Int(words[2]) ?? 0, bytes: Int(words[3]) ?? 0,
                    parallel: Int(words[4]) ?? 1, prefix: words[5])
            }
        case "force": log.force(shard)
        case "release": log.release(shard)
        case "candidate": log.setCandidate(shard, rank: Int(words[2]))
        case "status": status(shard)
        case "read": say("read \(shard) \(log.mayRead(shard))")
        case "count": say("count \(shard) \(await model.texts.count)")
        case "dump": await dump(model)
        case "stepdown":
            try? await jetStream.stepDown(StreamNames(shard).stream, preferred: words[2])
        case "limit": await limit(shard, bytes: Int(words[2]) ?? -1)
        case "scrub": await scrub(shard)
        case "snapshot":
            do {
                try await model.snapshot()
                say("snapshot \(shard) written")
            } catch {
                say("snapshot \(shard) failed \(error)")
            }
        default: return false
        }
        return true
    }

    private var say: @Sendable (String) -> Void { ReplicaTool.say }

    private func status(_ shard: ShardID) {
        guard let status = log.status(of: shard) else { return say("status \(shard) loading") }
        say(
            "status \(shard) \(status.role) epoch=\(status.epoch) sequence=\(status.sequence) "
                + "record=\(status.record) read=\(status.mayRead) full=\(status.isFull) "
                + "address=\(status.address)")
    }

    private func scrub(_ shard: ShardID) async {
        do {
            let report = try await Scrubber(log).scrub(shard)
            for finding in report.findings {
                say("finding \(shard) \(finding.server) \(finding.sequence) \(finding.reason)")
            }
            say(
                "scrubbed \(shard) messages=\(report.messages) "
                    + "read=\(report.serversRead.sorted().joined(separator: ",")) "
                    + "missed=\(report.serversMissed.sorted().joined(separator: ","))")
        } catch {
            say("scrubbed \(shard) failed \(error)")
        }
    }

    private func append(_ text: String, _ model: ShardModel) async {
        do throws(AppendError) {
            let settlement = try await model.append(text)
            say("settled \(model.shard) \(settlement) \(text)")
        } catch {
            say("refused \(model.shard) \(error) \(text)")
        }
    }

    private func limit(_ shard: ShardID, bytes: Int) async {
        do throws(JetStreamError) {
            var settings = try await jetStream.info(of: StreamNames(shard).stream).config
            settings.maxBytes = bytes
            _ = try await jetStream.update(settings)
            say("limit \(shard) done")
        } catch {
            say("limit \(shard) failed \(error)")
        }
    }

    private func dump(_ model: ShardModel) async {
        let texts = await model.texts
        let hash = SHA256.hash(data: Array(texts.joined(separator: "\n").utf8))
            .prefix(8).map { String($0, radix: 16) }.joined()
        say("dump \(model.shard) \(texts.count) \(hash) \(texts.joined(separator: ","))")
    }

    /// `parallel` callers append one after the other; each acknowledged text is said, so that a
    /// test can look for it afterwards.
    private func load(
        _ model: ShardModel, count: Int, bytes: Int, parallel: Int, prefix: String
    ) async {
        let slots = Slots(0..<count)
        let filling = String(repeating: "x", count: bytes)
        let began = ContinuousClock.now
        let results = await withTaskGroup(of: ([Duration], Int).self) { group in
            for _ in 0..<parallel {
                group.addTask {
                    var times: [Duration] = []
                    var failures = 0
                    while let slot = slots.next() {
                        let start = ContinuousClock.now
                        let name = "\(prefix)\(slot)"
                        let settlement = try? await model.append(name + filling)
                        if settlement == .durable {
                            times.append(ContinuousClock.now - start)
                            if bytes == 0 { say("acked \(name)") }
                        } else {
                            failures += 1
                            if failures > 20 { try? await Task.sleep(for: .milliseconds(50)) }
                        }
                    }
                    return (times, failures)
                }
            }
            var all: ([Duration], Int) = ([], 0)
            for await part in group { all = (all.0 + part.0, all.1 + part.1) }
            return all
        }
        let took = ContinuousClock.now - began
        let times = results.0.sorted()
        let middle = times.isEmpty ? Duration.zero : times[times.count / 2]
        let slow = times.isEmpty ? Duration.zero : times[times.count * 99 / 100]
        say(
            "loaded \(model.shard) acked=\(times.count) failed=\(results.1) "
                + "seconds=\(took / .seconds(1)) p50us=\(Int(middle / .microseconds(1))) "
                + "p99us=\(Int(slow / .microseconds(1)))")
    }
}
