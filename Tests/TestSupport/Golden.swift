package import Foundation

/// A frozen file in Tests/Golden. What is persisted or public must not change by accident.
package enum Golden {
    package struct Mismatch: Error, CustomStringConvertible {
        package let description: String
    }

    /// Tests/Golden of this checkout.
    package static var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden")
    }

    /// Compares with the file's text. With COUNTERSIGN_RECORD_GOLDEN=1 in the environment the file
    /// is written instead: do that for a new format, never to silence a failing test.
    package static func check(_ name: String, _ text: String) throws {
        let file = folder.appending(path: name)
        if ProcessInfo.processInfo.environment["COUNTERSIGN_RECORD_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            return
        }
        let golden = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        guard golden != text else { return }
        let pairs = zip(golden.split(separator: "\n"), text.split(separator: "\n"))
        let first = pairs.first { $0 != $1 }.map { "expected \($0.0)\nfound    \($0.1)" }
        throw Mismatch(description: "\(name) differs: \(first ?? "another number of lines")")
    }
}
