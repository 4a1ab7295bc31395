import FoundationEssentials
import NIOCore

extension Call {
    /// The body as a JSON object of this type. Members that the type does not have are ignored, as
    /// users of a growing API expect; one that is missing or of another type is named in `field`.
    package func decode<Body: Decodable>(_ type: Body.Type) throws(APIError) -> Body {
        try BodyDecoding.decode(type, from: body)
    }
}

enum BodyDecoding {
    static func decode<Body: Decodable>(
        _ type: Body.Type, from body: ByteBuffer
    ) throws(APIError) -> Body {
        do throws(JSONFault) {
            // Foundation's decoder lets trailing commas and repeated names pass.
            var scanner = JSONScanner(Array(body.readableBytesView))
            _ = try scanner.value()
            try scanner.finish()
        } catch {
            throw APIError(.malformedJSON)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch let error as DecodingError {
            throw APIError(error)
        } catch {
            throw APIError(.malformedJSON, detail: "\(error)")
        }
    }
}

extension APIError {
    fileprivate init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            let name = APIError.path(context.codingPath + [key])
            self.init(.validationFailed, field: name, message: "\(name) is missing.")
        case .valueNotFound(_, let context):
            let name = APIError.path(context.codingPath)
            self.init(.validationFailed, field: name, message: "\(name) must not be null.")
        case .typeMismatch(_, let context):
            self = APIError.mistyped(context.codingPath)
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            self.init(.malformedJSON)
        case .dataCorrupted(let context):
            self = APIError.mistyped(context.codingPath)
        @unknown default:
            self.init(.malformedJSON)
        }
    }

    private static func mistyped(_ codingPath: [any CodingKey]) -> APIError {
        guard !codingPath.isEmpty else {
            return APIError(.validationFailed, message: "The body has to be a JSON object.")
        }
        let name = path(codingPath)
        return APIError(
            .validationFailed, field: name, message: "\(name) has a value of the wrong type.")
    }

    /// `scopes[2]`, `units.input_tokens`. Every part is one that our own types name, or an index.
    private static func path(_ codingPath: [any CodingKey]) -> String {
        codingPath.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
    }
}
