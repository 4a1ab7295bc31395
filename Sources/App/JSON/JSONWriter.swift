import Actors

/// Writes JSON by hand into one array of bytes, for the answers that are asked for thousands of
/// times a second. Commas are its business; what is begun is ended by the caller, who may leave the
/// outermost object open for the trace id to be appended.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// A comma is due before the next key or value.
    private var needsComma = false

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func beginObject() { open("{") }
    mutating func endObject() { close("}") }
    mutating func beginArray() { open("[") }
    mutating func endArray() { close("]") }

    private mutating func open(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    mutating func key(_ name: String) {
        separate()
        JSONTree.write(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    mutating func null() {
        separate()
        bytes += "null".utf8
    }

    mutating func value(_ text: String) {
        separate()
        JSONTree.write(text, to: &bytes)
    }

    mutating func value(_ flag: Bool) {
        separate()
        bytes += (flag ? "true" : "false").utf8
    }

    mutating func value(_ number: some BinaryInteger) {
        separate()
        bytes += String(number).utf8
    }

    mutating func value(_ time: Timestamp) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes += time.rfc3339Bytes
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func value(_ trace: TraceID) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes += trace.utf8Bytes
        bytes.append(UInt8(ascii: "\""))
    }

    // MARK: Members

    mutating func member(_ name: String, _ text: String?) {
        key(name)
        if let text { value(text) } else { null() }
    }

    mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        value(flag)
    }

    mutating func member(_ name: String, _ number: (some BinaryInteger)?) {
        key(name)
        if let number { value(number) } else { null() }
    }

    mutating func member(_ name: String, _ time: Timestamp?) {
        key(name)
        if let time { value(time) } else { null() }
    }

    mutating func member(_ name: String, _ trace: TraceID) {
        key(name)
        value(trace)
    }
}
