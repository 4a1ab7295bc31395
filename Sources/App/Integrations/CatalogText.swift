/// What the parts of an HTTP message may be called, in a catalogue.
enum CatalogText {
    static let headerName = "a header's name in lower case"
    static let queryName = "the name of a query parameter"

    /// A token of RFC 9110 §5.6.2, in the lower case in which names are compared.
    static func isHeaderName(_ text: String) -> Bool {
        text.wholeMatch(of: /[a-z0-9!#$%&'*+.^_`|~-]{1,64}/) != nil
    }

    static func isQueryName(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) != nil
    }

    /// Visible characters and blanks within: nothing that could end a line.
    static func isHeaderValue(_ text: String) -> Bool {
        text.wholeMatch(of: /[!-~]([ -~]{0,198}[!-~])?/) != nil
    }

    /// As it goes on the wire: begins with a slash, nothing left to be encoded.
    static func isPath(_ text: String) -> Bool {
        text.hasPrefix("/") && text.utf8.count <= 200
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") }
    }
}
