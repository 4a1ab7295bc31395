import NATS
import NIOCore
import Persistence
import Synchronization

/// Carries out what one shard's replica decides. All but appends happens on the client's event
/// loop, one after the other.
final class ShardDriver: Sendable {
    struct State {
        /// Nil until the newest snapshot has been looked for.
        var replica: ShardReplica?
        /// Counts replicas: an answer for an earlier one is for nobody.
        var generation: UInt64 = 0
        var book = SettlementBook()
        var reader: StreamReader?
        var rank: Int?
        var isClosed = false
        var loggedBytes: UInt64 = 0
        var tally = ShardTally()
        var snapshot: SnapshotManifest?
        /// What the snapshot that is being copied is to say about the stream.
        var base: (tail: ReplicaTail, loggedBytes: UInt64)?
        var snapshotBytes: UInt64 = 0
        /// Effects that wait until a snapshot has been read.
        var postponed: [ReplicaEffect]?
    }

    let names: StreamNames
    let place: StreamPlace
    let settings: ReplicatedLogSettings
    let jetStream: JetStream
    let snapshots: SnapshotStore
    let state = Mutex(State())
    let feed: ShardFeed

    init(_ shard: ShardID, settings: ReplicatedLogSettings, jetStream: JetStream) {
        names = StreamNames(shard)
        place = StreamPlace(cluster: settings.cluster, shard: shard)
        self.settings = settings
        self.jetStream = jetStream
        snapshots = SnapshotStore(jetStream, names: names, place: place)
        let current = CurrentReader()
        currentReader = current
        let opened = OpenedEpoch()
        openedEpoch = opened
        feed = ShardFeed(hold: { current.value?.hold($0) }, opened: { opened.value = $0 })
    }

    /// What the feed slows down.
    private let currentReader: CurrentReader
    /// What the feed's reader has handled.
    let openedEpoch: OpenedEpoch

    func moment() -> Moment { Moment(monotonic: Milliseconds.now, wall: settings.wallClock()) }

    // MARK: Steps

    /// Lets the replica of that generation decide, and does what it wants.
    func step(
        _ generation: UInt64? = nil,
        _ body: (inout ShardReplica, Moment) -> [ReplicaEffect]
    ) {
        let now = moment()
        let (effects, current) = state.withLock { state -> ([ReplicaEffect], UInt64) in
            guard generation == nil || generation == state.generation, !state.isClosed,
                var replica = state.replica
            else { return ([], 0) }
            state.replica = nil
            let effects = body(&replica, now)
            state.replica = replica
            return (effects, state.generation)
        }
        perform(effects, current)
    }

    func tick() {
        state.withLock { $0.reader }?.tick()
        step { $0.tick(now: $1) }
    }

    func perform(_ effects: [ReplicaEffect], _ generation: UInt64) {
        for effect in effects {
            let isPostponed = state.withLock { state in
                guard state.postponed != nil else { return false }
                state.postponed?.append(effect)
                return true
            }
            if isPostponed { continue }
            if case .restore(let tail) = effect {
                state.withLock { $0.postponed = [] }
                restore(tail, generation)
                continue
            }
            perform(effect, generation)
        }
    }

    private func perform(_ effect: ReplicaEffect, _ generation: UInt64) {
        switch effect {
        case .append(let append): send(append, generation)
        case .read(let ticket, let sequence): read(ticket, sequence, generation)
        case .follow(let sequence): follow(after: sequence, generation)
        case .unfollow: replaceReader(with: nil)
        case .wake(let milliseconds):
            jetStream.client.eventLoop.scheduleTask(in: .milliseconds(Int64(milliseconds))) {
                self.step(generation) { $0.tick(now: $1) }
            }
        case .stepDown(let ticket):
            jetStream.stepDown(names.stream) { _ in
                self.step(generation) { $0.steppedDown(ticket, now: $1) }
            }
        case .findSnapshot(let ticket): findSnapshot(ticket, generation)
        case .restore: break
        case .deliver(let section):
            state.withLock { $0.loggedBytes += UInt64(section.reader.remaining) }
            feed.push(.section(section))
        case .settled(let record):
            for waiter in state.withLock({ $0.book.settle(through: record) }) { waiter.body(true) }
        case .gained(let epoch):
            state.withLock { state in
                let record = state.replica?.tail.stream.record ?? 0
                state.book.begin(term: epoch, record: record)
            }
            feed.push(.gained(epoch: epoch))
        case .released:
            endTerm()
            feed.push(.released)
        case .lost:
            endTerm()
            feed.push(.lost)
            begin()
        case .stopped(let reason):
            endTerm()
            settings.notice("shard \(names.shard) stands still: \(reason)")
            feed.push(.stopped(reason))
        case .notice(let notice): settings.notice("shard \(names.shard): \(notice)")
        }
    }

    private func endTerm() {
        let waiters = state.withLock { state in
            let waiters = state.book.end()
            state.tally.lost += UInt64(waiters.count)
            return waiters
        }
        for waiter in waiters { waiter.body(false) }
    }

    // MARK: The engine

    private func send(_ append: StreamAppend, _ generation: UInt64) {
        let expectation = JetStream.Expectation(
            stream: names.stream, lastSequence: append.expectedLastSequence,
            messageID: append.messageID)
        jetStream.append(append.bytes, to: names.subject, expecting: expectation) { result in
            let answer = self.answer(result)
            self.step(generation) { $0.answered(append.ticket, answer, now: $1) }
        }
    }

    private func answer(
        _ result: Result<PublishAcknowledgement, JetStreamError>
    ) -> AppendAnswer {
        switch result {
        case .success(let acknowledgement):
            return acknowledgement.stream == names.stream
                ? .acknowledged(sequence: acknowledgement.sequence)
                : .refused("the stream \(acknowledgement.stream) took what was for another")
        case .failure(.api(let error)):
            switch error.errorCode {
            case APIErrorCode.wrongLastSequence: return .wrongLastSequence
            case APIErrorCode.duplicateUnderWay: return .duplicateUnderWay
            case APIErrorCode.streamIsFull: return .full
            case APIErrorCode.clusterNotAvailable, APIErrorCode.sequenceUnclear:
                return .unavailable
            default: return error.code == 503 ? .unavailable : .refused(error.text)
            }
        case .failure(.transport(.messageTooLarge(let bytes, let limit))):
            return .refused("\(NATSError.messageTooLarge(bytes: bytes, limit: limit))")
        case .failure(.transport), .failure(.malformed): return .unavailable
        }
    }

    private func read(_ ticket: UInt64, _ sequence: UInt64, _ generation: UInt64) {
        let finish: @Sendable (ReadAnswer) -> Void = { answer in
            self.step(generation) { $0.answered(ticket, answer, now: $1) }
        }
        jetStream.message(sequence, of: names.stream) { result in
            switch result {
            case .success(let message): finish(.found(message.payload))
            case .failure(let error) where error.errorCode == APIErrorCode.messageNotFound:
                self.jetStream.info(of: self.names.stream) { result in
                    guard case .success(let info) = result else { return finish(.unavailable) }
                    finish(
                        .missing(first: info.state.firstSequence, last: info.state.lastSequence))
                }
            case .failure: finish(.unavailable)
            }
        }
    }

    private func follow(after sequence: UInt64, _ generation: UInt64) {
        let link = ReaderLink()
        let reader = StreamReader(jetStream, stream: names.stream, after: sequence) { event in
            // What an older consumer still delivers is for nobody.
            guard link.isCurrent else { return }
            switch event {
            case .message(let message):
                self.step(generation) {
                    $0.received(message.payload, at: message.sequence, now: $1)
                }
            case .caughtUp: self.step(generation) { $0.caughtUp(now: $1) }
            }
        }
        replaceReader(with: reader, link)
        reader.start()
    }

    private func replaceReader(with reader: StreamReader?, _ link: ReaderLink? = nil) {
        let old = state.withLock { state in
            let old = state.reader
            state.reader = reader
            return old
        }
        currentReader.replace(with: reader, link)
        old?.stop()
    }

    // MARK: Beginnings

    /// Looks for the newest snapshot, and follows the stream from there. Tried until it works.
    func begin() {
        replaceReader(with: nil)
        let generation = state.withLock { state in
            state.generation += 1
            state.replica = nil
            state.postponed = nil
            return state.generation
        }
        Task { await load(generation) }
    }

    private static let retryPause = Duration.milliseconds(500)

    private func load(_ generation: UInt64) async {
        while state.withLock({ !$0.isClosed && $0.generation == generation }) {
            do throws(JetStreamError) {
                for manifest in try await snapshots.manifests().reversed() {
                    if let blocks = try await snapshots.load(manifest) {
                        return start(manifest, blocks, generation)
                    }
                    settings.notice(
                        "shard \(names.shard): the snapshot at \(manifest.tail.sequence) is not "
                            + "whole on any server; the one before it is taken")
                }
                return start(nil, [], generation)
            } catch {
                settings.notice("shard \(names.shard): \(error)")
                try? await Task.sleep(for: Self.retryPause)
            }
        }
    }

    private func start(
        _ manifest: SnapshotManifest?, _ blocks: [(SnapshotPartHeader, [UInt8])],
        _ generation: UInt64
    ) {
        jetStream.client.eventLoop.execute { [self] in
            let isCurrent = state.withLock { state in
                guard state.generation == generation, !state.isClosed else { return false }
                var replica = ShardReplica(
                    place, owner: settings.owner, address: settings.address,
                    after: manifest?.tail ?? ReplicaTail(), settings: settings.replica,
                    now: moment())
                replica.setCandidate(rank: state.rank)
                state.replica = replica
                state.use(manifest, blocks)
                return true
            }
            guard isCurrent else { return }
            show(blocks)
            step(generation) { replica, _ in replica.start() }
        }
    }

    private func show(_ blocks: [(SnapshotPartHeader, [UInt8])]) {
        feed.push(.reset)
        for (header, chunk) in blocks { feed.push(.chunk(header, chunk)) }
    }

    private func findSnapshot(_ ticket: UInt64, _ generation: UInt64) {
        Task {
            let tail = (try? await snapshots.manifests())?.last?.tail
            jetStream.client.eventLoop.execute {
                self.step(generation) { $0.found(ticket, snapshot: tail, now: $1) }
            }
        }
    }

    /// The replica goes on after a newer snapshot; what it wants next waits until that is shown.
    private func restore(_ tail: ReplicaTail, _ generation: UInt64) {
        Task {
            let manifest = (try? await snapshots.manifests())?.last { $0.tail == tail }
            let blocks: [(SnapshotPartHeader, [UInt8])]?
            if let manifest {
                blocks = try? await snapshots.load(manifest)
            } else {
                blocks = nil
            }
            jetStream.client.eventLoop.execute { [self] in
                // A newer one has replaced it, or nobody answers: everything begins again.
                guard let blocks else { return begin() }
                let postponed = state.withLock { state -> [ReplicaEffect]? in
                    guard state.generation == generation else { return nil }
                    state.use(manifest, blocks)
                    defer { state.postponed = nil }
                    return state.postponed
                }
                guard let postponed else { return }
                show(blocks)
                perform(postponed, generation)
            }
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        replaceReader(with: nil)
        endTerm()
        feed.close()
    }
}

extension ShardDriver.State {
    fileprivate mutating func use(
        _ manifest: SnapshotManifest?, _ blocks: [(SnapshotPartHeader, [UInt8])]
    ) {
        snapshot = manifest
        snapshotBytes = blocks.reduce(0) { $0 + UInt64($1.1.count) }
        loggedBytes = 0
    }
}

/// Whether a reader is the one that counts.
private final class ReaderLink: Sendable {
    private let flag = Atomic<Bool>(true)
    var isCurrent: Bool { flag.load(ordering: .relaxed) }
    func cut() { flag.store(false, ordering: .relaxed) }
}

/// The reader that counts now.
private final class CurrentReader: Sendable {
    private let state = Mutex<(reader: StreamReader?, link: ReaderLink?)>((nil, nil))

    var value: StreamReader? { state.withLock { $0.reader } }

    func replace(with reader: StreamReader?, _ link: ReaderLink?) {
        let old = state.withLock { state in
            defer { state = (reader, link) }
            return state.link
        }
        old?.cut()
    }
}

/// The epoch whose beginning the one who keeps the state has handled. Before that its memory is of
/// an earlier term, or not complete, and nothing may be decided from it.
final class OpenedEpoch: Sendable {
    private let epoch = Atomic<UInt64>(0)

    var value: UInt64 {
        get { epoch.load(ordering: .acquiring) }
        set { epoch.store(newValue, ordering: .releasing) }
    }
}
