import Foundation
import Persistence
import ServiceLifecycle

/// What operators do with the whole of a data directory that a server, or this process, has open.
struct Upkeep: Service {
    let core: Core
    let snapshotter: Snapshotter
    let rotation: KeyRotation

    init(core: Core, snapshotter: Snapshotter) {
        self.core = core
        self.snapshotter = snapshotter
        rotation = KeyRotation(core, snapshotter)
    }

    /// Snapshots when they are due, and what they make possible.
    func run() async throws {
        try await snapshotter.run { await rotation.dropUnusedKeys() }
    }

    /// Tells what is needed to read the log up to now beside us. Those who read open the files at
    /// once, so nothing is held up and nothing is kept for them.
    ///
    /// - Parameter takesSnapshot: a fresh one first, so that little log has to be read. A disk that
    ///   is too full for it is no reason to refuse: the older one and a longer log say the same.
    func extent(takesSnapshot: Bool) async -> OperatorReply {
        var note = ""
        if takesSnapshot {
            do {
                try await snapshotter.take()
            } catch {
                note = "No fresh snapshot could be written (\(error)); an older one is used."
            }
        }
        return .done(core.log.extent, note)
    }
}
