import Actors
import Glibc
import NIOCore
import Persistence
import Testing

@testable import App

@Suite("Exit codes")
struct ExitStatusTests {
    private struct Unforeseen: Error {}

    @Test(
        "every way to end has its code, and says what to do",
        arguments: [
            (SettingsError("port", origin: "flag --port", "No.", fix: "Use 8080."), 78, "Use 8080"),
            (KeyRejection.malformed, 78, "keygen"),
            (KeyRejection.weak, 78, "keygen"),
            (KeyRejection.otherMasterKey(wrappedBy: [1, 2]), 78, "APP_ENC_KEY_PREVIOUS"),
            (StorageError.corrupt(file: "wal-1.log", offset: 4711, reason: "x"), 65, "4711"),
            (StorageError.missing(file: "manifest", reason: "x"), 65, "manifest"),
            (StorageError.futureVersion(file: "s.snap", found: 9, supported: 1), 65, "s.snap"),
            (StorageError.locked(directory: "./data", pid: 4711), 73, "4711"),
            (StorageError.locked(directory: "./data", pid: nil), 73, "./data"),
            (StorageError.system(operation: "open", path: "./x", errno: ENOSPC), 74, "./x"),
            (
                ListenError(
                    host: "::1", port: 8081, reason: IOError(errnoCode: EADDRINUSE, reason: "b")),
                69, "8081"
            ),
            (ControlClient.NoAnswer(), 69, "running server"),
            (OperatorRefusal(text: "There is no user."), 1, "There is no user."),
            (IOError(errnoCode: EIO, reason: "write"), 74, "write"),
            (Unforeseen(), 70, "Unforeseen"),
        ] as [(any Error, Int32, String)])
    func codes(_ error: any Error, code: Int32, words: String) {
        let (status, message) = ExitStatus.of(error)
        #expect(status.rawValue == code)
        #expect(message.contains(words))
    }

    @Test("no two reasons share a code")
    func distinct() {
        #expect(Set(ExitStatus.allCases.map(\.rawValue)).count == ExitStatus.allCases.count)
    }
}
