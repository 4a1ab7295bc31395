import HTTPTypes
import NIOCore
import WebUI

/// A file of the web console, embedded in the program.
struct ConsoleFile: Sendable {
    /// `/` for the page itself.
    let path: String
    let content: ByteBuffer
    let contentType: String

    /// All files, by their path.
    static let all: [String: ConsoleFile] = {
        var files: [String: ConsoleFile] = [:]
        var index = 0
        // Safe: the C side answers constants of the program, and NULL behind the last one.
        while let file = unsafe webui_file_at(index)?.pointee {
            let bytes = unsafe UnsafeBufferPointer(start: file.bytes, count: file.length)
            let path = unsafe String(cString: file.path)
            files[path] = unsafe ConsoleFile(
                path: path, content: ByteBuffer(bytes: bytes), contentType: contentType(path))
            index += 1
        }
        return files
    }()

    private static func contentType(_ path: String) -> String {
        switch path.split(separator: ".").last {
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "text/html; charset=utf-8"
        }
    }
}
