/// Everything that is wrong with the configuration, so that it can be put right in one go.
struct SettingsError: Error, CustomStringConvertible {
    struct Problem: Sendable, Equatable {
        /// The setting or variable.
        let name: String
        /// `countersign.yaml:12`, `environment COUNTERSIGN_PORT`, `flag --port`.
        let origin: String
        let message: String
        let fix: String
    }

    let problems: [Problem]

    init(_ problems: [Problem]) { self.problems = problems }

    init(_ name: String, origin: String, _ message: String, fix: String) {
        problems = [Problem(name: name, origin: origin, message: message, fix: fix)]
    }

    var description: String {
        problems.map { "\($0.name) (\($0.origin)): \($0.message)\n  \($0.fix)" }
            .joined(separator: "\n")
    }
}
