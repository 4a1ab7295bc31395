import Persistence
import Replication
import Testing

@Suite("Whether a server's copy of a stream is whole")
struct CopyCheckTests {
    private let sample = Sample.whole

    private func check(
        _ messages: [(sequence: UInt64, bytes: [UInt8])], through end: UInt64? = nil
    ) -> CopyCheck {
        var check = CopyCheck(
            Sample.place, after: ReplicaTail(), through: end ?? sample.tail.sequence)
        for message in messages { check.received(message.bytes, at: message.sequence) }
        return check
    }

    private var all: [(sequence: UInt64, bytes: [UInt8])] {
        sample.messages.enumerated().map { (UInt64($0.offset + 1), $0.element) }
    }

    @Test("a whole copy is whole as soon as its last message is there, and not before")
    func whole() {
        #expect(check(all).verdict == .whole)
        #expect(check(all).messages == all.count)
        #expect(check(all.dropLast()).verdict == nil)
    }

    @Test("what comes after the end is not looked at")
    func end() {
        var messages = all
        messages[messages.count - 1].bytes[3] ^= 1
        let check = check(messages, through: sample.tail.sequence - 1)
        #expect(check.verdict == .whole && check.messages == all.count - 1)
    }

    @Test("nothing to look at is whole")
    func nothing() {
        let check = CopyCheck(Sample.place, after: sample.tail, through: sample.tail.sequence)
        #expect(check.verdict == .whole)
    }

    @Test("a message that is passed over is the first that is damaged", arguments: 0..<5)
    func missing(place: Int) {
        var messages = all
        messages.remove(at: place)
        guard case .damaged(let sequence, _) = check(messages).verdict else {
            Issue.record("it is believed")
            return
        }
        #expect(sequence == UInt64(place + 1))
    }

    @Test("a changed bit in any byte of any message is found there")
    func changed() {
        for place in all.indices {
            for byte in all[place].bytes.indices {
                var messages = all
                messages[place].bytes[byte] ^= 0x10
                guard case .damaged(let sequence, let reason) = check(messages).verdict else {
                    Issue.record("message \(place + 1), byte \(byte): it is believed")
                    continue
                }
                #expect(sequence == UInt64(place + 1) && !reason.isEmpty)
            }
        }
    }

    @Test("a copy that ends too early is damaged after its last message")
    func short() {
        var check = check(all.dropLast(2))
        check.ended()
        guard case .damaged(let sequence, let reason) = check.verdict else {
            Issue.record("it is believed")
            return
        }
        #expect(sequence == sample.tail.sequence - 1 && reason.contains("ends there"))
        var whole = self.check(all)
        whole.ended()
        #expect(whole.verdict == .whole)
    }
}
