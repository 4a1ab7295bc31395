import Foundation
import Persistence
import TestSupport
import Testing

@testable import Persistence

/// One damaged byte, whichever it is, is either healed or refused; it never leads to another state.
///
/// `make test` looks at every 251st byte; `make corruption` at all of them, and writes the table.
@Suite("One damaged byte at every place")
struct CorruptionTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let isFull = environment["COUNTERSIGN_CORRUPTION"] == "full"
    private static let shortStride = 251

    private static func histories() async throws -> [(String, CorruptionHistory)] {
        [
            ("stopped", try await .trimmed()),
            ("killed", try await .sealed()),
            ("killed at once", try await .unsealed()),
            ("torn, all but its last sector", try await .torn(keeping: [0, 1, 2])),
            ("torn, its end only", try await .torn(keeping: [2, 3, 4])),
            ("torn, complete", try await .torn(keeping: [0, 1, 2, 3, 4])),
        ]
    }

    @Test("every damaged byte is healed or refused, and never leads to another state")
    func everyByte() async throws {
        var table = CorruptionTable()
        for (name, history) in try await Self.histories() {
            let intact = try Fixture.open(in: history.disk.copy())
            let found = try CorruptionHistory.state(of: intact)
            #expect(history.isRight(found), "\(name): intact")
            await intact.shutDown()
            let corruptor = Corruptor(
                history: history, name: name, stride: Self.isFull ? 1 : Self.shortStride)
            table.merge(try await corruptor.run())
        }
        for complaint in table.wrong.prefix(20) { Issue.record("\(complaint)") }
        #expect(table.wrong.isEmpty, "\(table.wrong.count) of \(table.openings)")
        // A table of nothing would agree with everything.
        #expect(table.rows.count >= 14)
        #expect(table.rows.values.reduce(0) { $0 + $1.healed } > 100)
        #expect(table.rows.values.reduce(0) { $0 + $1.refused } > 300)
        print(table.markdown)
        if let path = Self.environment["COUNTERSIGN_CORRUPTION_TABLE"] {
            try table.markdown.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }
}
