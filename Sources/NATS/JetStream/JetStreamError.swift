/// What JetStream's API answers instead of doing what it was asked.
package struct APIError: Error, Equatable, Sendable, Decodable {
    /// Like a status of HTTP.
    package var code: Int
    /// What exactly went wrong; see `APIErrorCode`.
    package var errorCode: Int
    package var text: String

    private enum CodingKeys: String, CodingKey {
        case code
        case errorCode = "err_code"
        case text = "description"
    }

    package init(code: Int, errorCode: Int, text: String) {
        self.code = code
        self.errorCode = errorCode
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decode(Int.self, forKey: .code)
        errorCode = try container.decodeIfPresent(Int.self, forKey: .errorCode) ?? 0
        text = try container.decodeIfPresent(String.self, forKey: .text) ?? ""
    }
}

/// The codes that something is decided by.
package enum APIErrorCode {
    /// The cluster has no leader for its API just now.
    package static let clusterNotAvailable = 10008
    package static let consumerNotFound = 10014
    package static let messageNotFound = 10037
    package static let streamNotFound = 10059
    /// The append names another stream than the one that listens on the subject.
    package static let otherStream = 10060
    /// The append expected another last sequence: the fence.
    package static let wrongLastSequence = 10071
    /// The stream is at one of its limits and discards what is new.
    package static let streamIsFull = 10077
    package static let streamExists = 10058
    /// A message with the same id is on its way already.
    package static let duplicateUnderWay = 10158
    /// A new leader is not ready to compare sequences.
    package static let sequenceUnclear = 10164
}

package enum JetStreamError: Error, Equatable, Sendable {
    case transport(NATSError)
    case api(APIError)
    case malformed(String)

    package var errorCode: Int? { if case .api(let error) = self { error.errorCode } else { nil } }
}

extension JetStreamError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .transport(let error): "\(error)"
        case .api(let error): "JetStream answers \(error.errorCode): \(error.text)"
        case .malformed(let reason): "JetStream's answer makes no sense: \(reason)"
        }
    }
}
