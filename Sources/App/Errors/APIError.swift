/// A failure on its way to the caller: the code, and what this one case adds to the catalogue's
/// text.
///
/// `detail` is for the log alone. It never reaches the answer, so it may name files and causes, but
/// no secrets.
package struct APIError: Error, Sendable {
    /// A member that stands beside the error's own, such as the event id of a failed attempt.
    package enum Value: Sendable, Equatable {
        case string(String)
        case integer(Int64)
        case null
    }

    package let code: ErrorCode
    /// The member, parameter or header that is wrong.
    package let field: String?
    /// Says more than the catalogue's message; still for the caller's eyes.
    package let message: String
    /// What to do about it: the catalogue's advice, unless this case has a better one.
    package let suggestedFix: String
    package let detail: String?
    /// Also sent as `Retry-After` (RFC 9110 §10.2.3), in whole seconds.
    package let retryAfterSeconds: Int?
    /// Goes out as `Allow` (RFC 9110 §10.2.1) when the method is what is wrong.
    package let allowedMethods: String?
    package let extra: [(name: String, value: Value)]

    package init(
        _ code: ErrorCode, field: String? = nil, message: String? = nil,
        suggestedFix: String? = nil, detail: String? = nil, retryAfterSeconds: Int? = nil,
        allowedMethods: String? = nil,
        extra: [(name: String, value: Value)] = []
    ) {
        self.code = code
        self.field = field
        self.message = message ?? code.definition.message
        self.suggestedFix = suggestedFix ?? code.definition.suggestedFix
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
        self.allowedMethods = allowedMethods
        self.extra = extra
    }
}
