import Testing

/// The house rules that a machine can check, each with its reason in CONTRIBUTING.md.
@Suite("House rules of the sources")
struct SourceRulesTests {
    private static let columnsMax = 100
    private static let fileLinesMax = 400
    /// How far above a use its comment may stand.
    private static let commentDistanceLines = 3

    @Test("no line is longer than 100 columns, unless a URL makes it so")
    func lineLength() throws {
        for file in try Repository.files(["swift", "c", "h", "py", "sh", "lua"]) {
            for (number, line) in numbered(file) where line.count > Self.columnsMax {
                #expect(
                    line.contains("https://"), "\(file.path):\(number) has \(line.count) columns")
            }
        }
    }

    @Test("no source file is longer than 400 lines")
    func fileLength() throws {
        for file in try Repository.files(["swift", "c", "h", "py", "sh", "js"]) {
            #expect(
                file.lines.count - 1 <= Self.fileLinesMax, "\(file.path): look for the second idea")
        }
    }

    @Test("every file begins with its first line and ends with exactly one newline")
    func edges() throws {
        for file in try Repository.files() where file.lines != [""] {
            #expect(
                file.lines.first?.allSatisfy(\.isWhitespace) == false, "\(file.path) starts blank")
            #expect(file.lines.last == "", "\(file.path) does not end with a newline")
            #expect(
                file.lines.count < 2 || file.lines[file.lines.count - 2] != "",
                "\(file.path) ends with blank lines")
        }
    }

    // The words are put together here so that this file does not contain them.
    @Test(
        "nothing is left for later",
        arguments: [
            "TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK:", "coming" + " soon",
            "migration" + " pending", "not yet" + " implemented",
        ])
    func nothingIsLeftOver(word: String) throws {
        for file in try Repository.files() {
            for (number, line) in numbered(file) {
                #expect(
                    !line.lowercased().contains(word.lowercased()) || isWithinAWord(word, line),
                    "\(file.path):\(number) says \(word)")
            }
        }
    }

    @Test(
        "no file knows the machine it was written on",
        arguments: ["/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/", "/wo" + "rk/"])
    func noPathOfOneMachine(path: String) throws {
        for file in try Repository.files() {
            for (number, line) in numbered(file) {
                #expect(!line.contains(path), "\(file.path):\(number) contains \(path)")
            }
        }
    }

    @Test("nothing in Swift is forced to succeed")
    func noForcedTry() throws {
        for (file, number, line) in try swiftLines() {
            #expect(!line.contains("try" + "!"), "\(file):\(number)")
            #expect(!line.contains(" as" + "! "), "\(file):\(number)")
        }
    }

    @Test(
        "what switches the compiler's checks off has a comment that proves it safe",
        arguments: ["@unchecked " + "Sendable", "nonisolated(" + "unsafe)"])
    func escapesAreExplained(escape: String) throws {
        for file in try Repository.files(["swift"]) {
            for (number, line) in numbered(file) where line.contains(escape) {
                let above = file.lines[max(0, number - 1 - Self.commentDistanceLines)..<number]
                #expect(
                    above.contains { $0.contains("//") }, "\(file.path):\(number) has no comment")
            }
        }
    }

    @Test("nothing is public: modules meet in `package` declarations")
    func nothingIsPublic() throws {
        for (file, number, line) in try swiftLines() {
            let code = line.drop(while: \.isWhitespace)
            #expect(!code.hasPrefix("public ") && !code.hasPrefix("open "), "\(file):\(number)")
        }
    }

    @Test("the arrows point one way: Persistence knows no domain, Actors no HTTP and no JSON")
    func layers() throws {
        let forbidden = [
            "Sources/Persistence/": [
                "Actors", "App", "NATS", "NIOCore", "Hummingbird", "HTTPTypes", "Replication",
            ],
            "Sources/NATS/": ["Actors", "App", "Persistence", "Replication", "Hummingbird"],
            "Sources/Replication/": ["Actors", "App", "NIOPosix", "Hummingbird", "HTTPTypes"],
            "Sources/Replication/Shard/": ["NATS", "NIOCore", "Synchronization"],
            "Sources/Actors/": [
                "App", "NATS", "NIOCore", "NIOHTTP1", "Replication", "Hummingbird", "HTTPTypes",
                "Logging",
            ],
        ]
        for file in try Repository.files(["swift"]) {
            for (folder, modules) in forbidden where file.path.hasPrefix(folder) {
                for (number, line) in numbered(file) {
                    guard let match = line.wholeMatch(of: /(?:package |internal )?import (\w+).*/)
                    else {
                        continue
                    }
                    #expect(!modules.contains(String(match.1)), "\(file.path):\(number): \(line)")
                }
            }
        }
    }

    private func numbered(_ file: Repository.File) -> [(number: Int, line: Substring)] {
        file.lines.enumerated().map { ($0 + 1, $1) }
    }

    private func swiftLines() throws -> [(file: String, number: Int, line: Substring)] {
        try Repository.files(["swift"]).flatMap { file in
            numbered(file).map { (file.path, $0.number, $0.line) }
        }
    }

    /// A marker counts as one only where it stands alone and in capitals, if it is a single word.
    private func isWithinAWord(_ word: String, _ line: Substring) -> Bool {
        guard !word.contains(" ") else { return false }
        var rest = line
        while let found = rest.firstRange(of: word) {
            let before = rest[..<found.lowerBound].last
            let after = rest[found.upperBound...].first
            let isAlone = [before, after].allSatisfy { !($0?.isLetter ?? false) }
            if isAlone { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
