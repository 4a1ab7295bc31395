@testable import App

/// What providers answer. Bytes arrive in pieces of any size, and the pieces must not matter.
enum FuzzAnswers {
    static func answer(_ bytes: [UInt8]) {
        let span = bytes.span
        guard let length = AnswerHead.length(span) else { return }
        require(length <= bytes.count, "a head ends within its bytes")
        for isToHEAD in [false, true] {
            var fields: [AnswerField] = []
            guard
                let head = try? AnswerHead(
                    span, length: length, isToHEAD: isToHEAD, fields: &fields)
            else { continue }
            require(AnswerHead.couldBegin(span), "what is a head could begin as one")
            require((100...999).contains(head.status), "a status has three digits")
            for field in fields {
                require(field.line.upperBound <= length, "a field is in the head")
                require(!field.name.isEmpty, "a field has a name")
                for place in field.value {
                    require(bytes[place] != 13 && bytes[place] != 10, "a value has no line end")
                }
            }
        }
    }

    static func chunks(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        let whole = content(body, pieces: body.count)
        let pieces = content(body, pieces: Int(first % 7) + 1)
        require(whole == pieces, "the pieces do not matter")
    }

    private struct Content: Equatable {
        var bytes: [UInt8] = []
        var end: Int?
        var isMalformed = false
    }

    private static func content(_ bytes: [UInt8], pieces size: Int) -> Content {
        var reader = ChunkReader()
        var content = Content()
        for start in stride(from: 0, to: bytes.count, by: max(1, size)) {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            var index = 0
            do throws(AnswerFault) {
                while content.end == nil, index < piece.count {
                    switch try reader.next(piece.span, from: &index) {
                    case .content(let range): content.bytes += piece[range]
                    case .end(let place): content.end = start + place
                    case .more: break
                    }
                }
            } catch {
                content.isMalformed = true
                return content
            }
            if content.end != nil { break }
        }
        return content
    }

    private static let wanted = ["type", "usage.input_tokens", "error.code", "choices.delta"]
        .compactMap { JSONPath($0) }

    static func paths(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        func found(_ size: Int) -> [JSONPathScanner.Value?] {
            var scanner = JSONPathScanner(JSONPathScanner.Paths(wanted))
            for start in stride(from: 0, to: body.count, by: size) {
                scanner.feed(body.span, in: start..<min(start + size, body.count))
            }
            return scanner.found
        }
        require(found(max(1, body.count)) == found(Int(first % 7) + 1), "the pieces do not matter")
    }

    static func events(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        let scheme = StreamScheme(
            doneData: ["[DONE]"], doneTypes: ["message_stop"], errorTypes: ["error"])
        func read(_ size: Int) -> EventStreamScanner {
            var scanner = EventStreamScanner(
                scheme, paths: JSONPathScanner.Paths(wanted), typeIndex: 0)
            for start in stride(from: 0, to: body.count, by: size) {
                scanner.feed(body.span, in: start..<min(start + size, body.count))
            }
            return scanner
        }
        let (whole, pieces) = (read(max(1, body.count)), read(Int(first % 7) + 1))
        require(whole.isDone == pieces.isDone, "the pieces do not matter to the end")
        require(whole.hasFailed == pieces.hasFailed, "nor to a failure")
        require(whole.values.found == pieces.values.found, "nor to what was found")
    }
}
