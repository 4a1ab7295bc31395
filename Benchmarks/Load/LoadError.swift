import NIOCore

/// Why a run can't be made. The message says what to do.
enum LoadError: Error, CustomStringConvertible {
    case unreachable(SocketAddress)
    case notLoopback(String)
    case badTarget(String)
    case serverDidNotStart(String)
    case setup(String)
    case output(String)

    var exit: LoadExit {
        switch self {
        case .unreachable, .notLoopback, .badTarget, .serverDidNotStart, .setup: .unavailable
        case .output: .output
        }
    }

    var description: String {
        switch self {
        case .unreachable(let address):
            "nothing accepts connections at "
                + "\(address.ipAddress ?? "\(address)"):\(address.port ?? 0): "
                + "start the server, or give --server BINARY"
        case .notLoopback(let host):
            "\(host) is not this machine: load on others needs --allow-remote"
        case .badTarget(let text):
            "\(text) is not a target: http://HOST:PORT is (TLS is not spoken)"
        case .serverDidNotStart(let reason): "the server did not start: \(reason)"
        case .setup(let reason): "preparing the server: \(reason)"
        case .output(let reason): reason
        }
    }
}
