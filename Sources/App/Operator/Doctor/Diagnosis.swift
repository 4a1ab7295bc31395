/// What `doctor` has found, in the order in which a start meets it. Pure: facts come in, words go
/// out.
struct Diagnosis {
    enum Level: String, Encodable {
        case ok
        /// Worth knowing; a start succeeds all the same.
        case note
        /// A start is refused because of it.
        case problem
    }

    struct Finding: Encodable {
        let topic: String
        let level: Level
        let text: String
        /// What to do; nil when there is nothing to do.
        let fix: String?
        /// How a start would end because of it.
        let exit_code: Int32?
    }

    private(set) var findings: [Finding] = []

    mutating func ok(_ topic: String, _ text: String) {
        findings.append(Finding(topic: topic, level: .ok, text: text, fix: nil, exit_code: nil))
    }

    mutating func note(_ topic: String, _ text: String, fix: String? = nil) {
        findings.append(Finding(topic: topic, level: .note, text: text, fix: fix, exit_code: nil))
    }

    mutating func problem(_ topic: String, _ status: ExitStatus, _ text: String, fix: String) {
        findings.append(
            Finding(
                topic: topic, level: .problem, text: text, fix: fix, exit_code: status.rawValue))
    }

    /// How a start would end: with the first problem that it meets.
    var status: ExitStatus {
        findings.lazy.compactMap { $0.exit_code.flatMap(ExitStatus.init) }.first ?? .success
    }

    /// What a start would do, in a sentence.
    var start: String {
        guard let first = findings.first(where: { $0.level == .problem }) else {
            let isHealed = findings.contains { $0.topic == Topic.tornTail }
            return "A start succeeds" + (isHealed ? " and cuts the unfinished write off." : ".")
        }
        return "A start is refused with exit code \(status.rawValue) (\(first.topic)) and changes "
            + "nothing."
    }

    enum Topic {
        static let configuration = "configuration"
        static let key = "key"
        static let directory = "directory"
        static let permissions = "permissions"
        static let lock = "lock"
        static let disk = "disk room"
        static let manifest = "manifest"
        static let log = "log"
        static let tornTail = "unfinished write"
        static let snapshots = "snapshots"
    }

    // MARK: Words

    var text: String {
        let width = findings.map(\.topic.count).max() ?? 0
        let lines = findings.flatMap { finding -> [String] in
            let mark =
                switch finding.level {
                case .ok: "ok     "
                case .note: "note   "
                case .problem: "PROBLEM"
                }
            let indent = String(repeating: " ", count: 7 + 2 + width + 2)
            let topic = finding.topic.padding(width)
            let body = finding.text.split(separator: "\n").joined(separator: "\n" + indent)
            return ["\(mark)  \(topic)  \(body)"]
                + (finding.fix.map { ["\(indent)→ \($0)"] } ?? [])
        }
        return (lines + ["", start]).joined(separator: "\n")
    }

    struct JSON: Encodable {
        let findings: [Finding]
        let start: String
        let exit_code: Int32
    }

    var json: JSON { JSON(findings: findings, start: start, exit_code: status.rawValue) }
}

extension String {
    fileprivate func padding(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
