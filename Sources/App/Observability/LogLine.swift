package import Actors

/// One JSON object on one line, for the log. Every string is escaped, so that no caller can write a
/// line of his own into it.
package struct LogLine {
    private var text: [UInt8]

    package init(at time: Timestamp, kind: String) {
        text = []
        text.reserveCapacity(320)
        text += "{\"at\":\"".utf8
        text += time.rfc3339Bytes
        text += "\"".utf8
        member("kind", kind)
    }

    package mutating func member(_ name: String, _ value: String) {
        key(name)
        JSONTree.write(value, to: &text)
    }

    package mutating func member(_ name: String, _ value: Int64) {
        key(name)
        text += String(value).utf8
    }

    /// - Parameter value: ASCII without quotes, backslashes and control characters.
    package mutating func member(_ name: String, ascii value: [UInt8]) {
        key(name)
        text.append(UInt8(ascii: "\""))
        text += value
        text.append(UInt8(ascii: "\""))
    }

    package var finished: [UInt8] { text + "}\n".utf8 }

    private mutating func key(_ name: String) {
        text.append(UInt8(ascii: ","))
        JSONTree.write(name, to: &text)
        text.append(UInt8(ascii: ":"))
    }
}
