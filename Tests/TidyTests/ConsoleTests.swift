import Foundation
import Testing

/// The files of the web console: all of them are embedded, they find each other, and they do
/// nothing that its content security policy forbids.
@Suite("House rules of the console")
struct ConsoleTests {
    private static let folder = "Sources/WebUI/web/"
    private static let linesMax = 400
    private static let columnsMax = 100

    /// What the server answers beside the console's files.
    private static let documents: Set<String> = ["/openapi.json"]
    /// Names of formats, which nobody ever loads.
    private static let namespaces = [
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink",
        "http://www.w3.org/1999/xhtml", "http://www.w3.org/XML/1998/namespace",
    ]
    /// Pages of others that a person may want to go to.
    private static let links = ["https://www.twilio.com/docs/errors/"]

    /// All files, by the path under which they are served.
    private func files() throws -> [String: Repository.File] {
        let files = try Repository.files(["js", "css", "html", "svg"])
            .filter { $0.path.hasPrefix(Self.folder) }
        try #require(files.contains { $0.path == Self.folder + "index.html" })
        return Dictionary(uniqueKeysWithValues: files.map { (Self.served($0.path), $0) })
    }

    private static func served(_ path: String) -> String {
        "/" + path.dropFirst(folder.count)
    }

    // MARK: Embedding

    @Test("every file of the folder is embedded, each under its own path, and no other")
    func embedded() throws {
        let source = try Repository.text("Sources/WebUI/assets.c")
        let embedded = source.matches(
            of: /const unsigned char (?<name>\w+)\[\] = \{\n#embed "web\/(?<file>[^"]+)"\n\};/)
        let listed = source.matches(of: /FILE\("(?<path>[^"]+)", (?<name>\w+)\)/)
        #expect(source.split(separator: "#embed \"").count - 1 == embedded.count)
        let fileByName = Dictionary(
            embedded.map { ($0.name, String($0.file)) }, uniquingKeysWith: { $1 })
        let there = Set(
            try Repository.paths().filter { $0.hasPrefix(Self.folder) }
                .map { String($0.dropFirst(Self.folder.count)) })
        for file in there.symmetricDifference(fileByName.values).sorted() {
            Issue.record("\(file) is \(there.contains(file) ? "not in assets.c" : "not there")")
        }
        #expect(fileByName.count == Set(fileByName.values).count)
        #expect(listed.count == embedded.count && Set(listed.map(\.name)).count == listed.count)
        for entry in listed {
            let file = try #require(fileByName[entry.name], "\(entry.name) is not embedded")
            #expect(entry.path == (file == "index.html" ? "/" : "/" + file))
        }
    }

    @Test("every folder with files is one that the server answers from")
    func folders() throws {
        let routes = try Repository.text("Sources/App/Console/ConsoleRoutes.swift")
        for path in try files().keys where path != "/index.html" {
            let folder = path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
            let route = folder.isEmpty ? path : folder + "/{file}"
            #expect(routes.contains("\"\(route)\""), "nothing answers \(path)")
        }
    }

    // MARK: References

    @Test("whatever a file loads or links to is there")
    func references() throws {
        let files = try files()
        for (path, file) in files {
            for target in Self.references(in: file) {
                let url = URL(string: target, relativeTo: URL(string: "https://host" + path))
                let found = url?.absoluteURL.path ?? target
                #expect(
                    files[found] != nil || Self.documents.contains(found),
                    "\(path) refers to \(target)")
            }
        }
    }

    @Test("every script and stylesheet is used")
    func used() throws {
        let files = try files()
        var used: Set<String> = []
        var names: Set<Substring> = []
        for (path, file) in files {
            for target in Self.references(in: file) {
                let url = URL(string: target, relativeTo: URL(string: "https://host" + path))
                if let url { used.insert(url.absoluteURL.path) }
            }
            // Stylesheets are loaded by their names where they are first needed.
            let words = Self.text(file).matches(of: /"(?<word>[a-z-]+)"/)
            if path.hasSuffix(".js") { names.formUnion(words.map(\.word)) }
        }
        for path in files.keys where path.hasSuffix(".js") {
            #expect(used.contains(path), "\(path) is not loaded by anything")
        }
        for path in files.keys where path.hasSuffix(".css") {
            let name = path.dropFirst("/css/".count).dropLast(".css".count)
            #expect(used.contains(path) || names.contains(name), "\(path) is not loaded")
        }
    }

    @Test("every stylesheet that a script asks for is there")
    func stylesheets() throws {
        let files = try files()
        for (path, file) in files where path.hasSuffix(".js") {
            let text = Self.text(file)
            let asked =
                text.matches(of: /\bstyles\((?<names>[^()]*)\)/).map(\.names)
                + text.matches(of: /const styles = \[(?<names>[^\]]*)\]/).map(\.names)
            for name in asked.flatMap({ $0.matches(of: /"(?<name>[^"]+)"/).map(\.name) }) {
                #expect(files["/css/\(name).css"] != nil, "\(path) asks for \(name).css")
            }
        }
    }

    /// What a file loads or links to, but for addresses within the page.
    private static func references(in file: Repository.File) -> [String] {
        let text = text(file)
        var found: [Substring] = []
        if file.path.hasSuffix(".js") {
            // At the start of a line only: examples of other languages' imports are in strings.
            let names = /(?m)^(?:import|export)\s[^"';]*?from "(?<name>[^"]+)"/
            found += text.matches(of: names).map(\.name)
            found += text.matches(of: /(?m)^import "(?<name>[^"]+)"/).map(\.name)
            found += text.matches(of: /\bimport\("(?<name>[^"]+)"\)/).map(\.name)
            found += text.matches(of: /\b(?:href|src): "(?<name>[^"]+)"/).map(\.name)
        } else {
            found += text.matches(of: /\b(?:href|src)="(?<name>[^"]*)"/).map(\.name)
            found += text.matches(of: /url\(["']?(?<name>[^"')]+)["']?\)/).map(\.name)
            found += text.matches(of: /@import\s+["'](?<name>[^"']+)["']/).map(\.name)
        }
        return found.filter { !$0.hasPrefix("#") }.map(String.init)
    }

    private static func text(_ file: Repository.File) -> String {
        file.lines.joined(separator: "\n")
    }

    // MARK: Form

    @Test("no file of it is longer than 400 lines, and no line longer than 100 columns")
    func length() throws {
        for (path, file) in try files() {
            #expect(file.lines.count - 1 <= Self.linesMax, "\(path): look for the second idea")
            for (number, line) in file.lines.enumerated() {
                #expect(
                    line.count <= Self.columnsMax, "\(path):\(number + 1) has \(line.count) columns"
                )
            }
        }
    }

    // The policy would stop most of these in a browser; here they are found before.
    @Test(
        "nothing in it turns text into code or markup, or has its style or script inline",
        arguments: [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
            "new Function", "style=", "javascript:", "<style", "@import url", "importScripts(",
        ])
    func forbidden(word: String) throws {
        for (path, file) in try files() {
            for (number, line) in file.lines.enumerated() {
                #expect(!line.contains(word), "\(path):\(number + 1) has \(word)")
            }
        }
    }

    @Test("pages have no script of their own and no handlers in attributes")
    func inlineScripts() throws {
        for (path, file) in try files() where path.hasSuffix(".html") || path.hasSuffix(".svg") {
            let text = Self.text(file)
            for script in text.matches(of: /<script(?<attributes>[^>]*)>(?<body>[^<]*)</) {
                #expect(script.attributes.contains("src=") && script.body.isEmpty, "\(path)")
            }
            #expect(text.firstMatch(of: /\son[a-z]+\s*=/) == nil, "\(path) has a handler")
        }
    }

    @Test("it asks nobody but its own server: no address of another origin is in it")
    func origins() throws {
        for (path, file) in try files() {
            for (number, line) in file.lines.enumerated() {
                for match in line.matches(of: /https?:\/\/[^"'`\s)<>]*/) {
                    let address = String(match.output)
                    let isKnown =
                        Self.namespaces.contains(address)
                        || Self.links.contains { address.hasPrefix($0) }
                    #expect(isKnown, "\(path):\(number + 1) has \(address)")
                }
                #expect(
                    line.firstMatch(of: /["'(`=]\/\/[a-z0-9]/) == nil,
                    "\(path):\(number + 1) has an address without a scheme")
            }
        }
    }
}
