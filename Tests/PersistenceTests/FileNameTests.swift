import Testing

@testable import Persistence

@Suite("File names")
struct FileNameTests {
    @Test(
        "a number is padded to the width of the largest, and read back",
        arguments: [
            (0, "00000000000000000000"), (1, "00000000000000000001"),
            (1_234_567_890, "00000000001234567890"), (UInt64.max, "18446744073709551615"),
        ])
    func numbers(number: UInt64, digits: String) {
        let (segment, snapshot) = ("wal-\(digits).log", "snapshot-\(digits).snap")
        #expect(FileName.segment(firstFrame: number).text == segment)
        #expect(FileName.snapshot(frame: number).text == snapshot)
        #expect(FileName.firstFrame(ofSegment: segment) == number)
        #expect(FileName.frame(ofSnapshot: snapshot) == number)
        #expect(FileName.frame(ofSnapshot: segment) == nil)
    }

    @Test(
        "what only looks like a segment is none",
        arguments: [
            "wal-1.log", "wal-000000000000000000001.log", "wal-+0000000000000000001.log",
            "wal-0000000000000000000a.log", "wal-18446744073709551616.log",
            "wal-99999999999999999999.log", "wal-00000000000000000001.tmp", "wal-spare-0.tmp",
            "wol-00000000000000000001.log", "wal-0000000000000000000é.log", "wal-.log", "",
        ])
    func foreign(name: String) { #expect(FileName.firstFrame(ofSegment: name) == nil) }

    @Test(
        "the folder around a path",
        arguments: [
            ("/var/lib/data", "/var/lib"), ("/data", "/"), ("/data//", "/"), ("data", "."),
            ("a/b/", "a"), ("/", "/"),
        ])
    func parent(path: String, around: String) {
        #expect(DataDirectory.parent(of: path) == around)
    }
}
