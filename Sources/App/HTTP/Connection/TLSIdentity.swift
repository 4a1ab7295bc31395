package import NIOSSL
import Synchronization

/// The server's certificate and key. Reloading changes what new connections get; those that exist
/// keep what they began with.
package final class TLSIdentity: Sendable {
    package let certificatePath: String
    package let keyPath: String
    private let current: Mutex<NIOSSLContext>

    /// - Parameters:
    ///   - certificatePath: PEM, the server's certificate first, then what leads to the root.
    ///   - keyPath: PEM, unencrypted.
    package init(certificatePath: String, keyPath: String) throws(TLSIdentityError) {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        current = Mutex(try TLSIdentity.load(certificatePath, keyPath))
    }

    package var context: NIOSSLContext { current.withLock { $0 } }

    /// Reads both files again. When anything is wrong with them, the old certificate stays.
    package func reload() throws(TLSIdentityError) {
        let fresh = try TLSIdentity.load(certificatePath, keyPath)
        current.withLock { $0 = fresh }
    }

    private static func load(
        _ certificatePath: String, _ keyPath: String
    ) throws(TLSIdentityError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificatePath)
        } catch {
            throw TLSIdentityError(path: certificatePath, reason: "no PEM certificate: \(error)")
        }
        guard !chain.isEmpty else {
            throw TLSIdentityError(path: certificatePath, reason: "no PEM certificate in it")
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
        } catch {
            throw TLSIdentityError(path: keyPath, reason: "no PEM key: \(error)")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        // RFC 8996 forbids what is older.
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSIdentityError(
                path: keyPath, reason: "the key does not belong to the certificate: \(error)")
        }
    }
}

package struct TLSIdentityError: Error, Sendable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "\(path): \(reason)" }
}
