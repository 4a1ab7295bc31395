import Foundation
import Yams

/// The settings of a YAML file as a flat list with dotted names, each with its place in the file.
enum YAMLSettings {
    struct Entry {
        let name: String
        let text: String
        let origin: String
    }

    static func read(_ path: String) throws(SettingsError) -> [Entry] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError(
                "config", origin: path, "The file can't be read.",
                fix: "Check the path and the permissions.")
        }
        return try entries(of: String(decoding: data, as: UTF8.self), file: path)
    }

    static func entries(of text: String, file: String) throws(SettingsError) -> [Entry] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw SettingsError(
                "config", origin: file, "This is no valid YAML: \(error)",
                fix: "Compare with config/countersign.yaml.")
        }
        guard let root, root != Node("") else { return [] }
        var flattening = Flattening(file: file)
        flattening.add(root, name: "")
        guard flattening.problems.isEmpty else { throw SettingsError(flattening.problems) }
        return flattening.entries
    }

    private struct Flattening {
        let file: String
        var entries: [Entry] = []
        var problems: [SettingsError.Problem] = []
        private var seen: Set<String> = []

        init(file: String) { self.file = file }

        mutating func add(_ node: Node, name: String) {
            let origin = "\(file):\(node.mark?.line ?? 1)"
            switch node {
            case .mapping(let mapping):
                for (key, value) in mapping {
                    let part = key.string ?? "?"
                    add(value, name: name.isEmpty ? part : "\(name).\(part)")
                }
            case .sequence(let sequence):
                let parts = sequence.map(\.string)
                guard parts.allSatisfy({ $0 != nil }) else {
                    return report(name, origin, "A list of plain values is expected.")
                }
                keep(name, parts.compactMap { $0 }.joined(separator: ","), origin)
            case .scalar(let scalar):
                guard !name.isEmpty else {
                    return report("config", origin, "The file has to hold `key: value` lines.")
                }
                keep(name, scalar.string, origin)
            case .alias:
                report(name, origin, "Aliases are not read.")
            }
        }

        private mutating func keep(_ name: String, _ text: String, _ origin: String) {
            guard seen.insert(name).inserted else {
                return report(name, origin, "It is set twice.")
            }
            entries.append(Entry(name: name, text: text, origin: origin))
        }

        private mutating func report(_ name: String, _ origin: String, _ message: String) {
            problems.append(
                SettingsError.Problem(
                    name: name, origin: origin, message: message,
                    fix: "Compare with config/countersign.yaml."))
        }
    }
}
