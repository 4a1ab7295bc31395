/// How far a text message has come, in Twilio's own words, and one of ours. The raw values are on
/// disk and never change their meaning.
package enum SMSStatus: UInt8, CaseIterable, Sendable {
    /// A messaging service has it and will choose a number to send it from.
    case accepted = 1
    case scheduled = 2
    case queued = 3
    case sending = 4
    /// The next carrier has it.
    case sent = 5
    /// Some of its recipients have it.
    case partiallyDelivered = 6
    case delivered = 7
    case undelivered = 8
    /// It could not be sent, or was refused.
    case failed = 9
    case canceled = 10
    case read = 11
    /// Ours: the provider may have it or not, and nobody will tell.
    case ambiguous = 12

    package var text: String {
        switch self {
        case .accepted: "accepted"
        case .scheduled: "scheduled"
        case .queued: "queued"
        case .sending: "sending"
        case .sent: "sent"
        case .partiallyDelivered: "partially_delivered"
        case .delivered: "delivered"
        case .undelivered: "undelivered"
        case .failed: "failed"
        case .canceled: "canceled"
        case .read: "read"
        case .ambiguous: "ambiguous"
        }
    }

    /// One of Twilio's words; nil for others, which have nothing to say about our messages.
    package init?(provider text: String) {
        guard let status = Self.providers[text] else { return nil }
        self = status
    }

    private static let providers: [String: SMSStatus] = Dictionary(
        uniqueKeysWithValues: allCases.filter { $0 != .ambiguous }.map { ($0.text, $0) })

    /// Whether a message that is here may still come to be there. Reports overtake each other, so
    /// only what is further on counts; the end is the end, but for a delivered message that is
    /// read.
    package func canBecome(_ next: SMSStatus) -> Bool {
        switch self {
        case .accepted, .scheduled, .queued, .sending, .sent, .partiallyDelivered:
            next.rank > rank
        case .delivered: next == .read
        case .undelivered, .failed, .canceled, .read, .ambiguous: false
        }
    }

    private var rank: Int {
        switch self {
        // Not for reports: it is no step on the way.
        case .ambiguous: 0
        case .accepted, .scheduled, .queued: 1
        case .sending: 2
        case .sent: 3
        case .partiallyDelivered: 4
        case .delivered, .undelivered, .failed, .canceled: 5
        case .read: 6
        }
    }
}
