import Actors
import NATS
import Replication

/// What is made of the facts about a cluster, in the order in which a start meets them. Pure.
struct ClusterDiagnosis {
    let facts: ClusterFacts
    private(set) var diagnosis: Diagnosis

    enum Topic {
        static let engine = "NATS"
        static let cluster = "cluster"
        static let streams = "streams"
        static let copies = "copies"
        static let sync = "synced writes"
    }

    /// A stream whose room is nearly used up refuses appends soon.
    private static let fullShare = 0.9
    /// Of the engine's servers, for a majority that survives the loss of one.
    private static let serversMin = 3

    init(_ facts: ClusterFacts, after diagnosis: Diagnosis) {
        self.facts = facts
        self.diagnosis = diagnosis
        examineEngines()
        guard facts.engines.contains(where: { (try? $0.answer.get()) != nil }) else { return }
        examineMetadata()
        examineSettings()
        examineCopies()
        examineSync()
    }

    // MARK: The engine

    private mutating func examineEngines() {
        let isReachable = facts.engines.contains { (try? $0.answer.get()) != nil }
        for engine in facts.engines {
            switch engine.answer {
            case .success(let info): examine(info, at: engine.address)
            case .failure(let error): examine(error, at: engine.address, isOnlyOne: !isReachable)
            }
        }
        if facts.engines.count < Self.serversMin {
            diagnosis.note(
                Topic.engine,
                "cluster.servers names \(facts.engines.count) of the NATS servers; a server of "
                    + "ours that starts while those are away finds no other",
                fix: "Name all of them, three or more.")
        }
    }

    private mutating func examine(_ info: ServerInfo, at address: String) {
        let (name, version) = (info.serverName, info.version)
        let text =
            "\(address) is \(name), NATS \(version), and takes "
            + "\(info.maxPayload >> 10) KiB at once"
        guard info.maxPayload == 0 || info.maxPayload >= ReplicaMessage.bytesMax else {
            return diagnosis.problem(
                Topic.engine, .unavailable, text,
                fix: "Set max_payload to \(ReplicaMessage.bytesMax >> 10) KiB or more on every "
                    + "NATS server; 1 MiB is the default.")
        }
        guard info.jetStream else {
            return diagnosis.note(
                Topic.engine, text + "; it keeps no streams itself",
                fix: "Add jetstream { … } to its configuration if it is to hold copies.")
        }
        diagnosis.ok(Topic.engine, text)
    }

    private mutating func examine(_ error: NATSError, at address: String, isOnlyOne: Bool) {
        switch error {
        case .serverTooOld:
            // A start may meet another server first, and this one after its first loss.
            diagnosis.problem(
                Topic.engine, .unavailable, "\(address): \(error)",
                fix: "Update every NATS server to \(ServerVersion.minimum) or newer, one after "
                    + "the other.")
        case .tlsNotOffered, .tlsRequired, .credentials, .refusedByServer:
            diagnosis.problem(
                Topic.engine, .unavailable, "\(address): \(error)",
                fix: "Compare cluster.ca_file and the credentials under cluster: with that "
                    + "server's tls and authorization.")
        case .notConnected, .connectionLost, .timeout, .noResponders, .overloaded,
            .protocolViolation, .messageTooLarge, .closed:
            guard isOnlyOne else {
                return diagnosis.note(
                    Topic.engine, "\(address) does not answer: \(error)",
                    fix: "The others go on without it while a majority is there; look at its log "
                        + "before another one stops.")
            }
            diagnosis.problem(
                Topic.engine, .unavailable, "\(address) does not answer: \(error)",
                fix: "Check cluster.servers, the network, and whether nats-server runs there.")
        }
    }

    // MARK: The installation

    private mutating func examineMetadata() {
        switch facts.metadata {
        case .none:
            diagnosis.note(
                Topic.cluster, "nobody has founded a cluster here: the first start does",
                fix: "Data of a server that was alone comes in first: `countersign migrate --to "
                    + "cluster`.")
        case .unknown(let reason):
            diagnosis.problem(
                Topic.cluster, .unavailable,
                "what the servers have in common can't be read: "
                    + reason,
                fix: "The stream META needs a leader: two of its three copies have to be up.")
        case .movedAway(let name, let at):
            diagnosis.problem(
                Topic.cluster, .configuration,
                "the data of \"\(name)\" was moved into a directory at \(at.rfc3339), and no "
                    + "server of the cluster starts",
                fix: "Start the server on that directory, without cluster: in its settings.")
        case .found(let name, _) where name != facts.name:
            diagnosis.problem(
                Topic.cluster, .configuration,
                "these NATS servers keep the log of \"\(name)\", and not of \"\(facts.name)\"",
                fix: "Check cluster.servers and cluster.name. Two installations need an account "
                    + "of NATS each.")
        case .found(let name, let key):
            diagnosis.ok(Topic.cluster, "they keep the log of \"\(name)\"")
            examine(key)
        }
    }

    private mutating func examine(_ key: ClusterFacts.Key) {
        switch key {
        case .opens: diagnosis.ok(Diagnosis.Topic.key, "APP_ENC_KEY opens the data keys")
        case .needsRewrap:
            diagnosis.note(
                Diagnosis.Topic.key,
                "a previous key opens the data keys; a start wraps them with APP_ENC_KEY",
                fix: "Give all servers the same APP_ENC_KEY before one of them starts.")
        case .doesNot(let reason):
            diagnosis.problem(
                Diagnosis.Topic.key, .configuration,
                "APP_ENC_KEY does not open the cluster's data keys: \(reason)",
                fix: "Use the key that the other servers have.")
        case .missing: break
        }
    }

    // MARK: Streams

    private mutating func examineSettings() {
        if facts.replicas < Self.serversMin {
            diagnosis.note(
                Topic.streams, "cluster.replicas is \(facts.replicas)",
                fix: "Leave it at 3 unless this is a test: what one disk loses is lost.")
        }
        var missing: [String] = []
        var wrong = 0
        for stream in facts.streams {
            switch stream.answer {
            case .success(let info):
                let differences = info.config.differences(from: stream.wanted)
                guard !differences.isEmpty else { continue }
                wrong += 1
                diagnosis.problem(
                    Topic.streams, .unavailable,
                    "\(stream.wanted.name): \(differences.joined(separator: "; "))",
                    fix: "Stop our servers, look who changed it, and set it back with `nats "
                        + "stream edit \(stream.wanted.name)`.")
            case .failure(let error) where error.errorCode == APIErrorCode.streamNotFound:
                missing.append(stream.wanted.name)
            case .failure(let error):
                wrong += 1
                diagnosis.problem(
                    Topic.streams, .unavailable, "\(stream.wanted.name): \(error)",
                    fix: "It has no leader: two of its three copies have to be up.")
            }
        }
        if !missing.isEmpty { examine(missing: missing) }
        if wrong == 0, missing.isEmpty {
            diagnosis.ok(
                Topic.streams,
                "all \(facts.streams.count) are kept in \(facts.replicas) copies on disks, and "
                    + "refuse what is new rather than drop what is old")
        }
    }

    private mutating func examine(missing: [String]) {
        guard missing.count < facts.streams.count, case .found = facts.metadata else {
            return diagnosis.note(Topic.streams, "\(missing.count) are made by the next start")
        }
        diagnosis.note(
            Topic.streams, "missing: \(missing.joined(separator: ", "))",
            fix: "The next start makes them empty. If they had data, restore them first: `nats "
                + "stream restore`.")
    }

    /// Copies that are behind, and streams that are nearly full.
    private mutating func examineCopies() {
        let infos = facts.streams.compactMap { stream in
            (try? stream.answer.get()).map { (stream.wanted.name, $0) }
        }
        var behind: [String: [String]] = [:]
        var isAllWell = !infos.isEmpty
        for (name, info) in infos {
            for peer in info.cluster?.replicas ?? [] where !peer.isCurrent || peer.isAway {
                let state = peer.isAway ? "away" : "behind"
                behind["\(peer.name) is \(state)", default: []].append(name)
            }
            let limit = info.config.maxBytes
            if limit > 0, Double(info.state.bytes) > Double(limit) * Self.fullShare {
                isAllWell = false
                diagnosis.note(
                    Topic.streams,
                    "\(name) has \(info.state.bytes) of its \(limit) bytes; when it is full, "
                        + "writes are refused (507)",
                    fix: "Raise max_bytes: `nats stream edit \(name)`.")
            }
        }
        for (state, names) in behind.sorted(by: { $0.key < $1.key }) {
            isAllWell = false
            diagnosis.note(
                Topic.copies,
                "\(state) for \(Counted.of(UInt64(names.count), "stream")): "
                    + names.prefix(Self.namesMax).joined(separator: ", ")
                    + (names.count > Self.namesMax ? ", …" : ""),
                fix: "Wait until it has caught up before another NATS server is stopped.")
        }
        if isAllWell { diagnosis.ok(Topic.copies, "every copy is up to date") }
    }

    private static let namesMax = 4

    // MARK: Disks

    /// The one thing that no client of NATS can see.
    private mutating func examineSync() {
        for monitor in facts.monitors {
            switch monitor.answer {
            case .success(let disk) where disk.syncsAlways:
                diagnosis.ok(Topic.sync, "\(disk.server) syncs every write before it answers")
            case .success(let disk):
                diagnosis.note(
                    Topic.sync,
                    "\(disk.server) answers before its disk has a write: what was acknowledged "
                        + "can be lost when the power goes on all of them",
                    fix: "Set jetstream { sync_interval: always } there, and restart it alone.")
            case .failure(let failure):
                diagnosis.note(
                    Topic.sync, "\(monitor.url) says nothing: \(failure.reason)",
                    fix: "Give the monitoring address of each NATS server, such as "
                        + "http://nats-1.internal:8222.")
            }
        }
        guard facts.monitors.isEmpty else { return }
        diagnosis.note(
            Topic.sync, "whether writes are synced can't be seen from here",
            fix: "Give the monitoring addresses (--monitor http://nats-1.internal:8222,…), or "
                + "look for `sync_interval: always` in the configuration of each NATS server.")
    }
}

extension StreamPeer {
    fileprivate var isAway: Bool { isOffline ?? false }
}
