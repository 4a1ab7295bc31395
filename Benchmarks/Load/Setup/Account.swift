import LoadCore
import NIOCore
import Synchronization

/// An account that the tool made for itself.
struct Account: Sendable {
    let email: String
    let password: String
    let session: String
    /// With a second factor: what it can still be answered with.
    var codes: CodeBook?

    func login(_ text: RequestText) -> ByteBuffer {
        text.post(
            "/api/auth/login", bearer: nil,
            body: "{\"email\":\"\(email)\",\"password\":\"\(password)\"}")
    }
}

/// The codes of an account, used up over all steps of a ramp.
final class CodeBook: Sendable {
    private let codes: Mutex<SecondFactorCodes>

    init(_ codes: SecondFactorCodes) { self.codes = Mutex(codes) }

    func take(atSecond second: UInt64) -> SecondFactorCodes.Code? {
        codes.withLock { $0.take(atSecond: second) }
    }
}
