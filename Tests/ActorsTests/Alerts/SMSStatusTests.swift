import Actors
import Testing

/// How far a message has come: only ever further.
@Suite struct SMSStatusTests {
    private static let beginnings: [SMSStatus] = [.accepted, .scheduled, .queued]
    private static let ends: [SMSStatus] = [.delivered, .undelivered, .failed, .canceled]

    @Test("each step leads to every later one and to none before, whatever was missed")
    func forward() {
        let steps: [[SMSStatus]] = [
            Self.beginnings, [.sending], [.sent], [.partiallyDelivered], Self.ends, [.read],
        ]
        for (place, step) in steps.enumerated().dropLast(2) {
            for status in step {
                for (other, later) in steps.enumerated() {
                    for next in later {
                        #expect(
                            status.canBecome(next) == (other > place), "\(status) to \(next)")
                    }
                }
            }
        }
    }

    @Test("an end is an end, but for a delivered message that is read")
    func ends() {
        for end in Self.ends + [.read, .ambiguous] {
            for next in SMSStatus.allCases {
                #expect(
                    end.canBecome(next) == (end == .delivered && next == .read),
                    "\(end) to \(next)")
            }
        }
    }

    @Test("nothing becomes ambiguous by a report, and nothing becomes what it is")
    func neither() {
        for status in SMSStatus.allCases {
            #expect(!status.canBecome(.ambiguous))
            #expect(!status.canBecome(status))
        }
    }

    @Test("the words are Twilio's; ours is none of them")
    func words() {
        for status in SMSStatus.allCases where status != .ambiguous {
            #expect(SMSStatus(provider: status.text) == status)
        }
        for text in ["ambiguous", "", "Queued", "received", "receiving", "sent "] {
            #expect(SMSStatus(provider: text) == nil)
        }
    }
}
