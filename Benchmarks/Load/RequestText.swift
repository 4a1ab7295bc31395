import NIOCore

/// Writes requests as bytes, once for many sendings where they don't change.
struct RequestText: Sendable {
    /// Host and port, as in the Host header.
    let authority: String

    func get(_ path: String, bearer: String?) -> ByteBuffer {
        make("GET", path, headers: authorization(bearer), body: "")
    }

    func post(_ path: String, bearer: String?, contentType: String = Self.json, body: String)
        -> ByteBuffer
    {
        make(
            "POST", path, headers: authorization(bearer) + [("Content-Type", contentType)],
            body: body)
    }

    func make(_ method: String, _ path: String, headers: [(String, String)], body: String)
        -> ByteBuffer
    {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: \(authority)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        // RFC 9110 §8.6: methods that anticipate a body say its length, also when it is empty.
        if !body.isEmpty || method == "POST" || method == "PUT" || method == "PATCH" {
            text += "Content-Length: \(body.utf8.count)\r\n"
        }
        return ByteBuffer(string: text + "\r\n" + body)
    }

    private func authorization(_ bearer: String?) -> [(String, String)] {
        bearer.map { [("Authorization", "Bearer \($0)")] } ?? []
    }

    static let json = "application/json"
    static let lines = "application/x-ndjson"
}
