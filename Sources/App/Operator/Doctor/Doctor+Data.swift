import Persistence

/// The log and the snapshots, told for people.
extension Doctor {
    private typealias Topic = Diagnosis.Topic

    func examineData(_ diagnosis: inout Diagnosis) {
        let verification: Verification
        do throws(StorageError) {
            verification = try Verification(directory, in: fileSystem, decoder: .everything)
        } catch {
            let (status, text) = ExitStatus.of(error)
            diagnosis.problem(
                Topic.log, status, text, fix: DataAdvice.fix(for: error, in: directory))
            return
        }
        guard verification.files.contains(where: { $0.role == .segment }) else { return }
        let salvage = try? Salvage(directory, in: fileSystem, decoder: .everything)
        examineLog(verification, salvage, &diagnosis)
        examineSnapshots(verification, salvage, &diagnosis)
    }

    private func examineLog(
        _ verification: Verification, _ salvage: Salvage?, _ diagnosis: inout Diagnosis
    ) {
        // A manifest that can't be read has its own place.
        let isManifestReadable =
            salvage != nil
            || verification.files.allSatisfy {
                $0.role != .manifest || $0.verdict == .whole
            }
        let damages = verification.findings.filter { error in
            error.file?.hasSuffix(".snap") == false
                && (isManifestReadable || error.file != "manifest")
        }
        if damages.isEmpty {
            let newest = verification.newestFrame.map {
                "; the newest frame is \($0.number), written \(WrittenAt.text($0.writtenAt))"
            }
            diagnosis.ok(
                Topic.log, "\(verification.frames) frames are whole" + (newest ?? "; it is empty"))
        }
        for error in damages {
            let detail = salvage?.damages.first { $0.error.file == error.file }?.story ?? []
            diagnosis.problem(
                Topic.log, .corruptData,
                ([DataAdvice.text(of: error, in: directory) + "."] + detail)
                    .joined(separator: "\n"),
                fix: "Copy the directory aside and check the disk. Restore the newest backup "
                    + "(`countersign restore`). Without one: `countersign doctor --salvage --to "
                    + "NEWDIR` shows what can be saved and what would be lost.")
        }
        for file in verification.files {
            guard case .torn(let offset, let bytes) = file.verdict else { continue }
            diagnosis.note(
                Topic.tornTail,
                "\(file.name) ends in an unfinished write of \(bytes) bytes at offset \(offset). "
                    + "It was never acknowledged to anybody; a start keeps its bytes aside and "
                    + "goes on.")
        }
    }

    private func examineSnapshots(
        _ verification: Verification, _ salvage: Salvage?, _ diagnosis: inout Diagnosis
    ) {
        let snapshots = verification.files.filter { $0.role == .snapshot }
        if snapshots.isEmpty {
            diagnosis.ok(Topic.snapshots, "none yet; a start replays the whole log")
        }
        for file in snapshots {
            switch file.verdict {
            case .whole:
                diagnosis.ok(Topic.snapshots, "\(file.name) is whole and usable")
            case .superfluous:
                diagnosis.note(
                    Topic.snapshots, "\(file.name) is whole, and older than the log that is left")
            case .damaged(let error):
                diagnosis.note(
                    Topic.snapshots, DataAdvice.text(of: error, in: directory) + ".",
                    fix: DataAdvice.fix(for: error, in: directory))
            case .torn, .ignored:
                break
            }
        }
        // A log without its beginning needs a snapshot to stand on.
        for error in verification.findings where error.file == "snapshot-*.snap" {
            diagnosis.problem(
                Topic.snapshots, .corruptData, DataAdvice.text(of: error, in: directory) + ".",
                fix: DataAdvice.fix(for: error, in: directory))
        }
    }
}

extension Salvage.Damage {
    /// What is before and behind the damage.
    var story: [String] {
        var lines: [String] = []
        if let before {
            lines.append(
                "Before it, everything up to frame \(before.frame) is whole, written "
                    + "\(WrittenAt.text(before.writtenAt)) or earlier.")
        } else {
            lines.append("Nothing whole is before it.")
        }
        if let after, after.frames > 0 {
            let times = after.writtenAt.map {
                ", written \(WrittenAt.text($0.lowerBound)) to \(WrittenAt.text($0.upperBound))"
            }
            lines.append(
                "Behind it, frames \(after.firstFrame) to \(after.lastFrame) are whole by "
                    + "themselves (\(RecordKindName.counts(after.recordsByKind)))"
                    + (times ?? "") + ": so this is rot of what was on the disk, and no unfinished "
                    + "write.")
        } else {
            lines.append("Nothing whole is behind it.")
        }
        return lines
    }
}
