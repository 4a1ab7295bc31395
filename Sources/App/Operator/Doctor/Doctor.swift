import Actors
import Foundation
import Persistence

/// Looks at everything that a start depends on, in the order of a start, and changes nothing.
struct Doctor {
    let directory: String
    /// Nil when the configuration is at fault.
    let settings: Settings?
    let environment: [String: String]
    let fileSystem: any FileSystem

    private typealias Topic = Diagnosis.Topic

    func examine(configuration: SettingsError?) -> Diagnosis {
        var (diagnosis, keys) = examineSettings(configuration)
        guard FileManager.default.fileExists(atPath: directory) else {
            diagnosis.note(
                Topic.directory, "\(directory) does not exist; a start makes it, with no accounts",
                fix: "Give --data-dir when the data is elsewhere.")
            return diagnosis
        }
        examinePermissions(&diagnosis)
        guard examineLock(&diagnosis) else {
            examineDisk(&diagnosis)
            return diagnosis
        }
        examineDisk(&diagnosis)
        examineManifest(keys, &diagnosis)
        examineData(&diagnosis)
        return diagnosis
    }

    /// What concerns a server of any kind.
    func examineSettings(
        _ configuration: SettingsError?
    ) -> (diagnosis: Diagnosis, keys: MasterKeys?) {
        var diagnosis = Diagnosis()
        if let configuration {
            diagnosis.problem(
                Topic.configuration, .configuration, configuration.description,
                fix: "`countersign check-config` shows every setting and where it came from.")
        } else {
            diagnosis.ok(Topic.configuration, "every setting is allowed")
        }
        let keys = examineKey(&diagnosis)
        return (diagnosis, keys)
    }

    // MARK: Key

    private func examineKey(_ diagnosis: inout Diagnosis) -> MasterKeys? {
        do throws(SettingsError) {
            return try MasterKeys.load(environment: environment)
        } catch {
            diagnosis.problem(
                Topic.key, .configuration, error.problems.map(\.message).joined(separator: " "),
                fix: "Set APP_ENC_KEY to the key that the directory was made with; it is where "
                    + "the service keeps its secrets, never in the data directory.")
            return nil
        }
    }

    private func examineManifest(_ keys: MasterKeys?, _ diagnosis: inout Diagnosis) {
        let metadata: [UInt8]
        do throws(StorageError) {
            metadata = try DataDirectory.read(directory, in: fileSystem).metadata
        } catch .missing where isNew {
            diagnosis.note(Topic.manifest, "the directory is new: a start fills it")
            return
        } catch {
            diagnosis.problem(
                Topic.manifest, .corruptData, DataAdvice.text(of: error, in: directory),
                fix: "The manifest holds the wrapped data keys. Restore the newest backup, or take "
                    + "its manifest: `tar xOf BACKUP manifest`.")
            return
        }
        diagnosis.ok(Topic.manifest, "whole")
        guard let keys else { return }
        do throws(KeyRejection) {
            let opened = try WrappedDataKeys.unwrap(
                metadata, with: keys.current, previous: keys.previous)
            if opened.needsRewrap {
                diagnosis.note(
                    Topic.key,
                    "a previous key opens the data keys; a start wraps them with "
                        + "APP_ENC_KEY, and the previous key opens nothing afterwards")
            } else {
                diagnosis.ok(Topic.key, "APP_ENC_KEY opens the data keys")
            }
        } catch {
            let (status, text) = ExitStatus.of(error)
            diagnosis.problem(
                Topic.key, status, text,
                fix: "Look for the key that was in use before; `countersign check-config` shows "
                    + "the id of the one that is set.")
        }
    }

    private var isNew: Bool {
        let names = (try? fileSystem.names(in: directory)) ?? []
        return !names.contains { $0.hasPrefix("wal-") || $0.hasPrefix("snapshot-") }
    }

    // MARK: The machine

    private func examinePermissions(_ diagnosis: inout Diagnosis) {
        let names = (try? fileSystem.names(in: directory)) ?? []
        let closed = ([directory] + names.map { directory + "/" + $0 }).filter { path in
            let mode = path == directory ? R_OK | W_OK | X_OK : R_OK | W_OK
            // Safe: the string lives for the call.
            return unsafe access(path, mode) != 0
        }
        guard closed.isEmpty else {
            diagnosis.problem(
                Topic.permissions, .inputOutput,
                "user \(getuid()) may not read and write "
                    + closed.map { $0.replacing(directory + "/", with: "") }
                    .joined(separator: ", "),
                fix: "Run as the service's user, or `chown -R` the directory to it.")
            return
        }
        let mode =
            (try? FileManager.default.attributesOfItem(atPath: directory))?[
                .posixPermissions] as? Int
        if let mode, mode & 0o077 != 0 {
            diagnosis.note(
                Topic.permissions,
                "others may look into the directory (mode "
                    + String(mode, radix: 8) + ")", fix: "`chmod 700 \(directory)`")
        } else {
            diagnosis.ok(Topic.permissions, "readable and writable, and nobody else's")
        }
    }

    /// False when a server runs: what it writes can't be read beside it.
    private func examineLock(_ diagnosis: inout Diagnosis) -> Bool {
        do throws(StorageError) {
            _ = try DataDirectory.read(directory, in: fileSystem)
        } catch .locked(_, let pid) {
            let holder = pid.map { "process \($0)" } ?? "another process"
            diagnosis.problem(
                Topic.lock, .dataInUse, "\(holder) has the directory: a server runs here",
                fix: "To check the data beside it: `countersign backup --to FILE`, then "
                    + "`countersign verify --backup FILE`. To stop it: its service manager, or "
                    + "SIGTERM.")
            return false
        } catch {
            // What else is wrong has its own place below.
        }
        diagnosis.ok(Topic.lock, "no server runs here")
        return true
    }

    private func examineDisk(_ diagnosis: inout Diagnosis) {
        guard let free = try? fileSystem.freeBytes(at: directory) else { return }
        // Spares for two segments, a snapshot of what one of them may hold, and the torn bytes.
        let wanted = UInt64((settings ?? Settings()).logSegmentBytes) * 4
        if free < wanted {
            diagnosis.note(
                Topic.disk,
                "\(ByteText.of(free)) free: writes are refused (507) once the segment "
                    + "in use is full",
                fix: "Free \(ByteText.of(wanted)) or more. Never delete a wal- or snap- file.")
        } else {
            diagnosis.ok(Topic.disk, "\(ByteText.of(free)) free")
        }
    }
}
