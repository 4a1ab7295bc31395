import Actors
import HTTPTypes
import NIOCore

/// The gateway's calls as the API's documents describe them. They are answered by `Gateway`, before
/// any route is looked for; what does come here is no call that it takes.
struct GatewayRoutes: Sendable {
    private static let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete]

    var endpoints: [Endpoint] { Self.methods.map(Self.endpoint) }

    /// All methods together, for metrics.
    static var any: Endpoint {
        guard let method = HTTPRequest.Method("ANY") else { return endpoint(.get) }
        return endpoint(method)
    }

    private static func endpoint(_ method: HTTPRequest.Method) -> Endpoint {
        Endpoint(
            method, Gateway.path, "Call a provider with its real key; the path goes on as it is",
            access: .scope(.call(integration: "{id}", readOnly: false)), rateClass: .calls,
            response: .text(contentType: "*/*"),
            errors: [
                .integrationUnknown, .pathNotAllowed, .notConfigured, .envMalformed, .ambiguous,
                .bodyTooLarge, .redirectBlocked, .upstreamUnreachable, .upstreamInvalid,
                .upstreamTimeout, .storageFull, .overloaded,
            ]
        ) { _ throws(APIError) in
            throw APIError(.notFound)
        }
    }
}
