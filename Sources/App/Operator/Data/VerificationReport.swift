import Actors
import Persistence

/// What `verify` says of a verification, for people and for programs.
struct VerificationReport {
    let verification: Verification
    let path: String
    let seconds: Double

    private var checkedBytes: UInt64 {
        verification.files.filter { $0.verdict != .ignored }.reduce(0) { $0 + $1.bytes }
    }

    // MARK: People

    var table: String {
        let rows = verification.files.map { file in
            [file.name, file.role.rawValue, file.countText, "\(file.bytes)", file.verdictText]
        }
        return TextTable(["FILE", "WHAT", "HOLDS", "BYTES", "VERDICT"], rows).text
    }

    var summary: String {
        let verdict: String
        switch verification.findings.count {
        case 0: verdict = "whole"
        case 1: verdict = "NOT WHOLE (1 finding)"
        case let count: verdict = "NOT WHOLE (\(count) findings)"
        }
        let rate = ByteText.of(UInt64(Double(checkedBytes) / max(seconds, 0.001)))
        return "\(verdict): \(verification.frames) frames with \(verification.records) records "
            + "and chunks, \(ByteText.of(checkedBytes)) read in \(Decimals.one(seconds)) s "
            + "(\(rate)/s)"
    }

    /// Every finding with its file, its offset, its reason, and what to do.
    var findings: String {
        verification.findings.map { error in
            DataAdvice.text(of: error, in: path) + ".\n" + DataAdvice.fix(for: error, in: path)
        }.joined(separator: "\n")
    }

    // MARK: Programs

    struct JSON: Encodable {
        struct File: Encodable {
            let file: String
            let what: String
            let frames: Int
            let records: Int
            let bytes: UInt64
            let verdict: String
        }

        struct Finding: Encodable {
            let file: String
            let offset: UInt64?
            let reason: String
            let suggested_fix: String
        }

        let data_dir: String
        let whole: Bool
        let files: [File]
        let findings: [Finding]
        let frames: Int
        let records: Int
        let bytes: UInt64
        let newest_frame: UInt64?
        let newest_frame_at: String?
    }

    var json: JSON {
        JSON(
            data_dir: path, whole: verification.isWhole,
            files: verification.files.map { file in
                JSON.File(
                    file: file.name, what: file.role.rawValue, frames: file.frames,
                    records: file.records, bytes: file.bytes, verdict: file.verdictText)
            },
            findings: verification.findings.map { error in
                JSON.Finding(
                    file: error.file ?? path, offset: error.offset,
                    reason: DataAdvice.text(of: error, in: path),
                    suggested_fix: DataAdvice.fix(for: error, in: path))
            },
            frames: verification.frames, records: verification.records, bytes: checkedBytes,
            newest_frame: verification.newestFrame?.number,
            newest_frame_at: verification.newestFrame.map { WrittenAt.text($0.writtenAt) })
    }
}

extension Verification.File {
    fileprivate var countText: String {
        switch role {
        case .segment: "\(frames) frames, \(records) records"
        case .snapshot: "\(records) chunks"
        case .manifest, .tornWrite, .temporary, .lock, .other: ""
        }
    }

    fileprivate var verdictText: String {
        switch verdict {
        case .whole: "whole"
        case .torn(let offset, let bytes):
            "whole up to \(offset); an unfinished write of \(bytes) bytes follows, a start cuts "
                + "it off"
        case .superfluous: "whole, older than the log"
        case .damaged(let error): error.offset.map { "DAMAGED at \($0)" } ?? "MISSING"
        case .ignored: "not part of the state"
        }
    }
}

extension StorageError {
    /// The file's name, for findings that are about one.
    var file: String? {
        switch self {
        case .corrupt(let file, _, _), .missing(let file, _), .futureVersion(let file, _, _):
            String(file[(file.lastIndex(of: "/").map(file.index(after:)) ?? file.startIndex)...])
        case .locked, .system: nil
        }
    }

    var offset: UInt64? {
        switch self {
        case .corrupt(_, let offset, _): offset
        case .futureVersion: 0
        case .missing, .locked, .system: nil
        }
    }
}

/// The clock of frames and snapshots.
enum WrittenAt {
    static func text(_ milliseconds: UInt64) -> String {
        Timestamp(milliseconds: Int64(clamping: milliseconds)).rfc3339
    }
}
