import Foundation
import Testing

/// Documents that point at each other and at the sources must point at something.
@Suite("House rules of the documents")
struct DocumentTests {
    @Test("every link within the repository leads somewhere")
    func linksResolve() throws {
        let documents = try Repository.files(["md"])
        try #require(documents.contains { $0.path == "README.md" })
        for document in documents {
            let text = document.lines.joined(separator: "\n")
            for match in text.matches(of: /\]\((?<target>[^)\s]+)\)/) {
                let target = String(match.target)
                guard !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
                try checkLink(target, in: document.path)
            }
        }
    }

    private func checkLink(_ target: String, in document: String) throws {
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let folder = (document as NSString).deletingLastPathComponent
        let path =
            parts[0].isEmpty
            ? document : (folder as NSString).appendingPathComponent(String(parts[0]))
        let file = Repository.root.appending(path: path).standardizedFileURL
        guard FileManager.default.fileExists(atPath: file.path) else {
            Issue.record("\(document) links to \(target), which is not there")
            return
        }
        guard parts.count == 2, file.pathExtension == "md" else { return }
        let headings = try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n").filter { $0.hasPrefix("#") }.map(anchor)
        #expect(
            headings.contains(String(parts[1])), "\(document) links to \(target): no such heading")
    }

    /// As GitHub makes it: lower case, dashes for spaces, without punctuation.
    private func anchor(_ heading: Substring) -> String {
        let text = heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
        return String(
            text.compactMap { character -> Character? in
                if character == " " || character == "-" { return "-" }
                return character.isLetter || character.isNumber || character == "_"
                    ? character : nil
            })
    }

    @Test("decisions are numbered without a gap, and each says why")
    func decisions() throws {
        let prefix = "docs/decisions/"
        let decisions = try Repository.files(["md"]).filter { $0.path.hasPrefix(prefix) }
        try #require(!decisions.isEmpty)
        for (index, decision) in decisions.enumerated() {
            let name = decision.path.dropFirst(prefix.count)
            let number =
                String(repeating: "0", count: 3 - "\(index + 1)".count + 1) + "\(index + 1)"
            #expect(name.wholeMatch(of: /\d{4}-[a-z0-9-]+\.md/) != nil, "\(decision.path)")
            #expect(name.hasPrefix(number), "\(decision.path) should have the number \(number)")
            #expect(decision.lines.first?.hasPrefix("# \(number) ") == true, "\(decision.path)")
            for section in ["## Context", "## Decision", "## Consequences"] {
                #expect(decision.lines.contains(Substring(section)), "\(decision.path): \(section)")
            }
        }
    }

    @Test("every folder of docs and every top-level document is reachable from the README")
    func documentsAreLinked() throws {
        let readme = try Repository.text("README.md")
        for path in try Repository.paths() where path.hasSuffix(".md") && path != "README.md" {
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            #expect(
                readme.contains("(\(path))") || (!folder.isEmpty && readme.contains("(\(folder))"))
                    || readme.contains("(\(folder)/)"),
                "README.md does not lead to \(path)")
        }
    }
}
