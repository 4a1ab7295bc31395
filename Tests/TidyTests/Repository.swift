import Foundation

/// The files of this repository as the house rules see them: what people wrote, not what tools
/// made.
struct Repository {
    /// Found from this file's own place, so that it is right wherever the repository is checked
    /// out.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Made by tools, or not ours to judge. Fixtures of bytes are no text.
    private static let ignoredFolders: Set<String> = [
        ".build", ".build-fuzz", ".build-mutants", ".build-release", ".build-rep", ".git", ".venv",
        ".venv-bench",
        ".pytest_cache", "__pycache__", "data", "node_modules", "Golden",
    ]

    private static let textExtensions: Set<String> = [
        "swift", "c", "h", "py", "sh", "lua", "md", "yaml", "yml", "js", "css", "html", "txt",
        "ini",
    ]

    /// One text file, by its path from the root.
    struct File {
        let path: String
        let lines: [Substring]
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// All text files with one of the extensions, in the order of their paths.
    static func files(_ extensions: Set<String> = textExtensions) throws -> [File] {
        try paths().filter { extensions.contains(($0 as NSString).pathExtension) }.map { path in
            let text = try self.text(path)
            return File(
                path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    static func paths() throws -> [String] {
        // A checkout below a folder named `data`, say, is not ignored: only names below the root
        // count.
        let base = root.path + "/"
        let walk = FileManager.default.enumerator(
            at: root, includingPropertiesForKeys: [.isRegularFileKey])
        var paths: [String] = []
        while let url = walk?.nextObject() as? URL {
            if ignoredFolders.contains(url.lastPathComponent) {
                walk?.skipDescendants()
            } else if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
                paths.append(String(url.path.dropFirst(base.count)))
            }
        }
        return paths.sorted()
    }
}
