import HTTPTypes
import Hummingbird
import NIOCore

/// The yardstick: a Hummingbird application with one route that answers a constant of the size of a
/// session check, and does nothing else. Built with the same flags as the server.
@main
struct BareRoute {
    static func main() async throws {
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: 800)
        let router = Router()
        router.get("/bare") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: body))
        }
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                print("listening on http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
                fflushStandardOutput()
            })
        try await application.runService()
    }
}
