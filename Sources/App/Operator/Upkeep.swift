import Foundation
import Persistence
import ServiceLifecycle

/// What operators do with the whole of a data directory that a server, or this process, has open.
struct Upkeep: Service {
    let core: Core
    let snapshotter: Snapshotter
    /// Nil in a cluster, whose data keys are not on this machine.
    let rotation: KeyRotation?

    init(core: Core, snapshotter: Snapshotter) {
        self.core = core
        self.snapshotter = snapshotter
        rotation = core.local.map { KeyRotation(core, $0, snapshotter) }
    }

    /// Snapshots when they are due, and what they make possible.
    func run() async throws {
        try await snapshotter.run { await rotation?.dropUnusedKeys() }
    }

    /// Tells what is needed to read the log up to now beside us. Those who read open the files at
    /// once, so nothing is held up and nothing is kept for them.
    ///
    /// - Parameter takesSnapshot: a fresh one first, so that little log has to be read. A disk that
    ///   is too full for it is no reason to refuse: the older one and a longer log say the same.
    func extent(takesSnapshot: Bool) async throws(APIError) -> OperatorReply {
        guard let local = core.local else { throw APIError(inCluster: "a data directory") }
        var note = ""
        if takesSnapshot {
            do {
                try await snapshotter.take()
            } catch {
                note = "No fresh snapshot could be written (\(error)); an older one is used."
            }
        }
        return .done(local.log.extent, note)
    }
}

extension APIError {
    /// What only a server with a log of its own can do.
    init(inCluster what: String) {
        self.init(
            .notReady, message: "The log is a cluster's, and this needs \(what) of the server's.",
            suggestedFix: "docs/cluster.md has what operators do in a cluster instead.")
    }
}
