import Persistence

/// Exactly what a salvage keeps and what it loses.
struct SalvageReport {
    let salvage: Salvage
    let path: String

    var text: String {
        (damage + [kept] + lost).joined(separator: "\n")
    }

    private var damage: [String] {
        salvage.damages.flatMap { damage in
            [DataAdvice.text(of: damage.error, in: path) + "."] + damage.story.map { "  " + $0 }
        }
    }

    private var kept: String {
        let until = salvage.endWrittenAt.map { ", up to \(WrittenAt.text($0))" } ?? ""
        let end = "frame \(salvage.endFrame)\(until)."
        guard let snapshot = salvage.snapshot else {
            return "Kept: the log from its beginning to \(end)"
        }
        let frames = Counted.of(salvage.keptFrames, "frame")
        return "Kept: the snapshot of frame \(snapshot.frame), made "
            + "\(WrittenAt.text(snapshot.createdAtMilliseconds)), and \(frames) that follow it, "
            + "to \(end)"
    }

    private var lost: [String] {
        let loss = salvage.loss
        guard !loss.isNothing else { return ["Lost: nothing that was acknowledged."] }
        var lines: [String] = []
        if loss.frames > 0 {
            let records = Counted.of(UInt64(loss.records), "record")
            lines.append(
                "Lost: \(Counted.of(loss.frames, "frame")) with \(records) that can be read and "
                    + "not be proven: \(RecordKindName.counts(loss.recordsByKind)).")
        }
        if loss.unreadableFrames > 0 {
            let frames = Counted.of(loss.unreadableFrames, "frame")
            lines.append("Lost: \(frames) that can't be read at all.")
        }
        if loss.isOpenEnded {
            lines.append(
                "Lost: whatever is in the damage at the end; it can't be read, so nobody can say "
                    + "how much.")
        }
        if let times = loss.writtenAt {
            lines.append(
                "They were written from \(WrittenAt.text(times.lowerBound)) to "
                    + "\(WrittenAt.text(times.upperBound)).")
        }
        return lines
    }
}

/// A number and what is counted: `1 frame`, `2 frames`.
enum Counted {
    static func of(_ count: UInt64, _ word: String) -> String {
        "\(count) \(word)\(count == 1 ? "" : "s")"
    }
}
