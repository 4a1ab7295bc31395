/// Which of a sender's numbers have been seen, so that nothing is taken twice. Pure.
///
/// Numbers arrive nearly in order. The newest `width` are remembered one by one; what is older is
/// refused, seen or not (RFC 4303 §3.4.3 does so for packets).
struct ReplayWindow: Equatable, Sendable {
    /// What many calls at the same moment may overtake each other by, several times over.
    static let width: UInt64 = 1024
    private static let wordBits: UInt64 = 64

    private var newest: UInt64 = 0
    private var seen = [UInt64](repeating: 0, count: Int(width / wordBits))

    /// Whether the number is new; it is not any more afterwards.
    mutating func take(_ number: UInt64) -> Bool {
        if number > newest {
            // The places of the numbers between are those of numbers that are too old now.
            let skipped = min(number - newest, Self.width)
            for step in 0..<skipped { mark(number - step, false) }
            newest = number
        } else if newest - number >= Self.width || isMarked(number) {
            return false
        }
        mark(number, true)
        return true
    }

    private func place(_ number: UInt64) -> (word: Int, bit: UInt64) {
        (Int(number % Self.width / Self.wordBits), 1 << (number % Self.wordBits))
    }

    private func isMarked(_ number: UInt64) -> Bool {
        let (word, bit) = place(number)
        return seen[word] & bit != 0
    }

    private mutating func mark(_ number: UInt64, _ isSeen: Bool) {
        let (word, bit) = place(number)
        if isSeen { seen[word] |= bit } else { seen[word] &= ~bit }
    }
}
