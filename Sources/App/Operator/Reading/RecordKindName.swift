/// The kinds of records by the names that docs/formats/records.md gives them.
enum RecordKindName {
    static func of(_ kind: UInt16) -> String { names[kind] ?? "kind \(kind)" }

    static let names: [UInt16: String] = [
        1: "registered", 2: "session started", 3: "session rotated", 4: "sessions ended",
        5: "password changed", 6: "phone changed", 7: "role changed", 8: "disabled changed",
        9: "setup started", 10: "second factor enabled", 11: "second factor removed",
        12: "backup codes replaced", 13: "temp token issued", 14: "temp token ended",
        15: "guess debited", 16: "guess refunded", 17: "code accepted", 18: "TOTP locked",
        19: "TOTP unlocked", 20: "reset token issued", 21: "activity recorded",
        22: "source known", 23: "secrets resealed", 24: "password rehashed",
        100: "first admin claimed", 101: "token minted", 102: "token revoked",
        200: "event", 201: "attempt", 202: "outcome", 203: "credentials changed",
        204: "callback", 220: "attempted", 221: "answered", 222: "reported",
    ]

    /// `3 registered, 12 event`, by kind.
    static func counts(_ counts: [UInt16: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \(of($0.key))" }
            .joined(separator: ", ")
    }
}
