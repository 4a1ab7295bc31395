/// Lets equal texts share one piece of memory. Thousands of sessions come from the same few
/// browsers, and each would bring a User-Agent of a hundred bytes of its own.
///
/// A pool is no part of what is known: any two are equal.
struct TextPool: Sendable, Equatable {
    private var texts: Set<String> = []

    /// Far more than there are browsers in use; a flood of invented ones begins it anew.
    private static let textsMax = 1024
    /// Shorter ones are stored in the string itself.
    private static let inlineBytesMax = 15

    mutating func share(_ text: inout String) {
        guard text.utf8.count > Self.inlineBytesMax else { return }
        if texts.count >= Self.textsMax { texts.removeAll(keepingCapacity: true) }
        text = texts.insert(text).memberAfterInsert
    }

    static func == (left: TextPool, right: TextPool) -> Bool { true }
}
