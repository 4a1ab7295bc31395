import Actors
import HTTPTypes
import NIOCore

/// What operators and tools ask: is it alive, is it ready, how is it doing, what can it do.
package struct OperationsRoutes: Sendable {
    /// Whether requests can be served, and if not, why.
    package enum Readiness: Sendable {
        case ready
        /// No server of the cluster has the data, as far as is known here.
        case noOwner
        case diskRefusesWrites
        case stopping
    }

    /// Targets that every server of a cluster answers itself, whatever else it may say.
    static let aboutProcess: Set<String> = ["/health", "/ready", "/metrics"]

    private let version: String
    private let metrics: Metrics
    private let readiness: @Sendable () async -> Readiness

    package init(
        version: String, metrics: Metrics, readiness: @escaping @Sendable () async -> Readiness
    ) {
        self.version = version
        self.metrics = metrics
        self.readiness = readiness
    }

    /// - Parameter others: all other endpoints, which the OpenAPI document describes beside these.
    package func endpoints(beside others: [Endpoint]) -> [Endpoint] {
        let own = [health, ready, metricsText, errors]
        // Its own entry does not depend on its content, so the document can contain itself.
        let described = others + own + [openAPI(ByteBuffer())]
        let document = OpenAPIDocument(described, version: version)
        return own + [openAPI(ByteBuffer(bytes: document.json))]
    }

    private var health: Endpoint {
        Endpoint(
            .get, "/health", "Whether the process is alive", access: .anyone,
            response: .json(status: 200, .object([.init("status", .enumeration(["ok"]))]))
        ) { _ throws(APIError) in
            Reply(.ok, .openObject(ByteBuffer(string: "{\"status\":\"ok\"")))
        }
    }

    private var ready: Endpoint {
        Endpoint(
            .get, "/ready", "Whether the server has recovered its data and can write",
            access: .anyone,
            response: .json(status: 200, .object([.init("status", .enumeration(["ready"]))])),
            errors: [.notReady]
        ) { [readiness] _ throws(APIError) in
            let reason: String
            switch await readiness() {
            case .ready:
                return Reply(.ok, .openObject(ByteBuffer(string: "{\"status\":\"ready\"")))
            case .noOwner: reason = "No server of the cluster owns the data at this moment."
            case .diskRefusesWrites: reason = "The server's disk refuses writes."
            case .stopping: reason = "The server is stopping."
            }
            throw APIError(.notReady, message: reason, retryAfterSeconds: 1)
        }
    }

    private var metricsText: Endpoint {
        Endpoint(
            .get, "/metrics", "Counters in the Prometheus text format",
            access: .loopbackOrScope(.metricsRead),
            response: .text(contentType: PrometheusText.contentType)
        ) { [metrics] _ throws(APIError) in
            let text = ByteBuffer(bytes: await metrics.text())
            return Reply(.ok, .raw(text, contentType: PrometheusText.contentType))
        }
    }

    private var errors: Endpoint {
        let list = ErrorDocument.json.compact.dropLast()
        return Endpoint(
            .get, "/api/errors", "Every error code with its status, message and fix",
            access: .anyone,
            response: .json(
                status: 200,
                .object([
                    .init(
                        "errors",
                        .array(
                            .object([
                                .init("error_code", .string()), .init("status", .integer),
                                .init("message", .string()), .init("suggested_fix", .string()),
                            ])))
                ]))
        ) { _ throws(APIError) in
            Reply(.ok, .openObject(ByteBuffer(bytes: list)))
        }
    }

    private func openAPI(_ document: ByteBuffer) -> Endpoint {
        Endpoint(
            .get, "/openapi.json", "This API as an OpenAPI 3.1 document", access: .anyone,
            response: .text(contentType: "application/json")
        ) { _ throws(APIError) in
            Reply(.ok, .raw(document, contentType: "application/json"))
        }
    }
}
