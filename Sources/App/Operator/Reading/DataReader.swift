import Foundation
import Persistence

/// Opens a data directory for reading: of a running server as it is at this moment, or of a stopped
/// one while its lock is held. Neither is changed, and no key is needed.
enum DataReader {
    /// How often a running server may delete a file between telling of it and our opening it: it
    /// does so once a snapshot, minutes apart.
    private static let attemptsMax = 3

    struct Opened {
        let log: FrozenLog
        /// Whether a server has the directory.
        let isRunning: Bool
        /// What the server had to say; empty when nothing.
        var note = ""
    }

    /// - Parameter fresh: a running server takes a snapshot first, and only what follows it is
    ///   opened.
    static func open(_ path: String, fresh: Bool) async throws -> Opened {
        guard FileManager.default.fileExists(atPath: path) else {
            throw OperatorFailure(
                status: .inputOutput,
                text: "There is no data directory \(path).\nGive the right --data-dir.")
        }
        do {
            for _ in 1...attemptsMax {
                guard let (extent, note) = try await ask(path, fresh: fresh) else { break }
                if let directory = try pin(path, fresh ? extent.newest : extent) {
                    return Opened(
                        log: try FrozenLog(directory), isRunning: true, note: note)
                }
            }
            let directory = try DataDirectory.read(path, in: POSIXFileSystem())
            return Opened(log: try FrozenLog(directory), isRunning: false)
        } catch let error as StorageError {
            if case .locked(_, let pid) = error {
                throw OperatorFailure(
                    status: .dataInUse,
                    text: "The data directory \(path) is in use"
                        + "\(pid.map { " by process \($0)" } ?? "") that does not answer on its "
                        + "control socket.\nIt may be starting or stopping; try again.")
            }
            throw OperatorFailure(reading: error, in: path)
        }
    }

    /// Nil when the server has deleted one of the files since it told of them.
    private static func pin(
        _ path: String, _ extent: LogExtent
    ) throws(StorageError) -> DataDirectory? {
        do throws(StorageError) {
            return try DataDirectory.read(path, upTo: extent, in: POSIXFileSystem())
        } catch {
            if case .system(_, _, ENOENT) = error { return nil }
            throw error
        }
    }

    private static func ask(
        _ path: String, fresh: Bool
    ) async throws -> (extent: LogExtent, note: String)? {
        let command = OperatorCommand.logExtent(takesSnapshot: fresh)
        guard let reply = try await ControlClient.ask(command, in: path) else { return nil }
        guard reply.isDone else { throw OperatorRefusal(text: reply.text) }
        let extent = try JSONDecoder().decode(LogExtent.self, from: Data(reply.json.utf8))
        return (extent, reply.text)
    }
}
