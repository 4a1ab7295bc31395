import Actors
import Foundation
import Testing

@testable import App

@Suite("The pages about providers")
struct ProviderDocumentTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/providers")

    @Test("docs/providers is what the catalogue says, page by page")
    func pages() throws {
        let catalog = try CatalogUnderTest.shipped()
        var pages = [("README.md", ProviderDocument.index(catalog))]
        pages += catalog.entries.map { ("\($0.id.text).md", ProviderDocument.page($0)) }
        if ProcessInfo.processInfo.environment["COUNTERSIGN_RECORD_GOLDEN"] != nil {
            try FileManager.default.createDirectory(
                at: Self.folder, withIntermediateDirectories: true)
            for (name, text) in pages {
                try Data(text.utf8).write(to: Self.folder.appending(path: name))
            }
        }
        for (name, text) in pages {
            let file = Self.folder.appending(path: name)
            #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(name)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(files) == Set(pages.map(\.0)))
    }

    @Test("a page names every variable, scope and error code, and the address of calls")
    func content() throws {
        for entry in try CatalogUnderTest.shipped().entries {
            let page = ProviderDocument.page(entry)
            for variable in entry.variables.flatMap(\.names) { #expect(page.contains(variable)) }
            for rule in entry.calls.answers.errors {
                #expect(page.contains("`\(rule.errorCode)`") && page.contains(rule.suggestedFix))
            }
            #expect(page.contains("`call:\(entry.id.text):read`"))
            #expect(page.contains("/api/integrations/\(entry.id.text)/call"))
            #expect(!page.contains("\"BASE"), "a placeholder is left")
        }
    }
}
