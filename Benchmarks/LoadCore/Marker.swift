/// Bytes that an answer's body has to contain, found while it arrives in pieces of any size
/// (Knuth, Morris, Pratt), without keeping the body.
package struct Marker: Sendable {
    private let pattern: [UInt8]
    /// How much of the pattern still matches when the byte after the first n does not.
    private let fallback: [Int]

    package init(_ text: String) {
        pattern = Array(text.utf8)
        var table = [0]
        var length = 0
        for byte in pattern.dropFirst() {
            while length > 0, byte != pattern[length] { length = table[length - 1] }
            if byte == pattern[length] { length += 1 }
            table.append(length)
        }
        fallback = pattern.isEmpty ? [] : table
    }

    package var text: String { String(decoding: pattern, as: UTF8.self) }

    /// The state of a search: how many bytes of the pattern the last bytes read are.
    package struct Search: Sendable {
        fileprivate var matched = 0
        package fileprivate(set) var isFound = false
        package init() {}
    }

    package func advance(_ search: inout Search, over bytes: Span<UInt8>, in range: Range<Int>) {
        guard !search.isFound else { return }
        guard !pattern.isEmpty else {
            search.isFound = true
            return
        }
        var matched = search.matched
        for index in range {
            let byte = bytes[index]
            while matched > 0, byte != pattern[matched] { matched = fallback[matched - 1] }
            if byte == pattern[matched] { matched += 1 }
            if matched == pattern.count {
                search.isFound = true
                return
            }
        }
        search.matched = matched
    }
}
