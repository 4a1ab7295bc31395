import Actors
import ArgumentParser
import Foundation
import Persistence

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write everything into one file, beside a running server or without one.",
        discussion: """
            A running server takes a fresh snapshot and goes on serving; the file has everything \
            that was acknowledged before the command began. It is read back and checked before it \
            gets its name. It holds the data keys only wrapped: without APP_ENC_KEY the second \
            factors in it can't be read, so keep that key somewhere else.
            """)

    @OptionGroup var data: DataOptions
    @Option(help: "The file to write, or a directory that gets one named by the time.")
    var to: String
    @Flag(help: "Answer in JSON.")
    var json = false

    private struct Answer: Encodable {
        let file: String
        let bytes: UInt64
        let newest_frame: UInt64
        let frames: Int
        let records: Int
        let online: Bool
    }

    func run() async throws {
        let path = try data.directory()
        let opened = try await DataReader.open(path, fresh: true)
        if !opened.note.isEmpty { FileHandle.standardError.write(Data("\(opened.note)\n".utf8)) }
        let now = SystemWallClock().now()
        let file = target(at: now)
        let frame = opened.log.endFrame
        let about = """
            A backup of a Countersign data directory.
            made at       \(now.rfc3339)
            program       countersign \(Version.text)
            newest frame  \(frame)
            server        \(opened.isRunning ? "was running" : "was stopped")
            To use it: countersign restore --from FILE --data-dir NEWDIR
            Its data keys are wrapped by the APP_ENC_KEY of the time.

            """
        let (backup, verification) = try await BackgroundThread.run {
            do throws(StorageError) {
                let backup = try BackupWriter(opened.log, decoder: .everything)
                    .write(to: file, about: about, in: POSIXFileSystem())
                return (backup, try backup.verify(decoder: .everything))
            } catch {
                throw BackupFailure.of(error, in: path)
            }
        }
        let answer = Answer(
            file: file, bytes: backup.bytes, newest_frame: frame, frames: verification.frames,
            records: verification.records, online: opened.isRunning)
        let text =
            "\(file): \(ByteText.of(backup.bytes)), everything up to frame \(frame), written, read "
            + "back and verified.\nKeep APP_ENC_KEY elsewhere: the backup is useless without it."
        print(json ? OperatorReply.done(answer, "").json : text)
    }

    private func target(at now: Timestamp) -> String {
        var isDirectory: ObjCBool = false
        // Safe: the flag lives for the call.
        let exists = unsafe FileManager.default.fileExists(atPath: to, isDirectory: &isDirectory)
        guard exists, isDirectory.boolValue else { return to }
        let time = now.rfc3339.filter { $0 != "-" && $0 != ":" }
        return "\(to)/countersign-\(time).tar"
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a data directory from a backup.",
        discussion: """
            The backup is checked to the last record before anything is written, and the directory \
            is checked afterwards. What is there already is never overwritten.
            """)

    @Option(help: "The file that `countersign backup` has written.")
    var from: String
    @Option(help: "The directory to make; it must not exist, or be empty.")
    var dataDir: String
    @Flag(help: "Answer in JSON.")
    var json = false

    private struct Answer: Encodable {
        let data_dir: String
        let newest_frame: UInt64?
        let frames: Int
        let records: Int
        let key_opens: Bool?
    }

    func run() async throws {
        let disk = POSIXFileSystem()
        let (backup, verification) = try await BackgroundThread.run { [from, dataDir] in
            do throws(StorageError) {
                let backup = try Backup(from, in: disk)
                if let finding = try backup.verify(decoder: .everything).findings.first {
                    throw finding
                }
                try backup.restore(to: dataDir, in: disk)
                let verification = try Verification(dataDir, in: disk, decoder: .everything)
                if let finding = verification.findings.first { throw finding }
                return (backup, verification)
            } catch {
                throw BackupFailure.of(error, in: from)
            }
        }
        let keyOpens = try keyOpens(backup)
        let answer = Answer(
            data_dir: dataDir, newest_frame: verification.newestFrame?.number,
            frames: verification.frames, records: verification.records, key_opens: keyOpens)
        let key =
            switch keyOpens {
            case true?: "APP_ENC_KEY opens it."
            case false?: "APP_ENC_KEY is NOT the key that it was made with; a start is refused."
            case nil: "Start it with the APP_ENC_KEY that it was made with."
            }
        let until = verification.newestFrame.map { ", written \(WrittenAt.text($0.writtenAt))" }
        let frame = verification.newestFrame?.number ?? 0
        print(
            json
                ? OperatorReply.done(answer, "").json
                : "\(dataDir): restored and verified up to frame \(frame)\(until ?? "").\n\(key)")
    }

    /// Nil without a key in the environment.
    private func keyOpens(_ backup: Backup) throws -> Bool? {
        guard let keys = try? MasterKeys.load(environment: ProcessInfo.processInfo.environment)
        else { return nil }
        let metadata = try backup.metadata()
        return (try? WrappedDataKeys.unwrap(metadata, with: keys.current, previous: keys.previous))
            != nil
    }
}

/// What can go wrong with files that are no data directory.
enum BackupFailure {
    static func of(_ error: StorageError, in path: String) -> any Error {
        switch error {
        case .system(_, let file, EEXIST):
            OperatorRefusal(
                text: "\(file) is there already and is not overwritten.\nGive another name.")
        case .corrupt, .missing, .futureVersion:
            OperatorFailure(
                status: .corruptData,
                text: "\(DataAdvice.text(of: error, in: path)).\nUse another backup. Nothing "
                    + "has been put in its place.")
        case .locked, .system:
            error
        }
    }
}
