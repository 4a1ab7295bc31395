import Foundation
import Testing

@testable import App

@Suite("What the doctor says")
struct DiagnosisTests {
    private typealias Topic = Diagnosis.Topic

    @Test("a start ends as the first problem says, whatever notes there are")
    func firstProblem() {
        var diagnosis = Diagnosis()
        diagnosis.ok(Topic.configuration, "fine")
        #expect(diagnosis.status == .success)
        #expect(diagnosis.start == "A start succeeds.")
        diagnosis.note(Topic.tornTail, "an unfinished write", fix: nil)
        #expect(diagnosis.status == .success)
        #expect(diagnosis.start.contains("cuts the unfinished write off"))
        diagnosis.problem(Topic.lock, .dataInUse, "held", fix: "stop it")
        diagnosis.problem(Topic.log, .corruptData, "rot", fix: "restore")
        #expect(diagnosis.status == .dataInUse)
        #expect(diagnosis.start.contains("exit code 73 (lock)"))
    }

    @Test("what to do stands below what is wrong, aligned with it")
    func words() {
        var diagnosis = Diagnosis()
        diagnosis.problem(Topic.log, .corruptData, "one\ntwo", fix: "three")
        let lines = diagnosis.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "PROBLEM  log  one")
        #expect(lines[1] == "              two")
        #expect(lines[2] == "              → three")
    }
}

@Suite("The names of records")
struct RecordKindNameTests {
    @Test("they are those of docs/formats/records.md, all of them")
    func documented() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appending(path: "docs/formats/records.md"), encoding: .utf8)
        var documented: [UInt16: String] = [:]
        var isRecords = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") { isRecords = line.contains("records (kinds") }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard isRecords, cells.count == 3, let kind = UInt16(cells[0]) else { continue }
            documented[kind] = cells[1]
        }
        #expect(documented == RecordKindName.names)
    }
}
