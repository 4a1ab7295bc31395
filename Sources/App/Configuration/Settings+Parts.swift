import Actors
import Foundation

/// What the parts of the server are made with.
extension Settings {
    var rateLimits: [RateClass: RateLimitPolicy] { rates.policies }

    var registrationGate: RegistrationGate {
        switch registration {
        case .open: .open
        case .closed: .closed
        case .auto: Loopback.contains(host) ? .open : .afterFirstAdmin
        }
    }

    func makeHasher() -> PasswordHasher {
        PasswordHasher(
            threads: passwordThreads > 0
                ? passwordThreads : ProcessInfo.processInfo.activeProcessorCount,
            queueSecondsMax: Double(passwordQueueMilliseconds) / 1000,
            queueLengthMax: passwordQueueMax)
    }

    /// - Throws: `SettingsError` when the certificate can't be used.
    func httpConfiguration() throws(SettingsError) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.trustedProxies = trustedProxies.compactMap { AddressRange(cidr: $0) }
        configuration.publicURL = publicURL.isEmpty ? nil : publicURL
        configuration.limits.headerBytesMax = headerBytesMax
        configuration.connectionsMax = connectionsMax
        configuration.bodiesBytesMax = bodiesBytesMax
        configuration.jsonBodyBytesMax = jsonBodyBytesMax
        configuration.shutdownSeconds = shutdownSeconds
        guard !tlsCertificate.isEmpty else { return configuration }
        do throws(TLSIdentityError) {
            configuration.tls = try TLSIdentity(certificatePath: tlsCertificate, keyPath: tlsKey)
        } catch {
            throw SettingsError(
                "tls.certificate", origin: error.path, "\(error.reason).",
                fix: "Both files have to be PEM, and the key has to be the certificate's.")
        }
        return configuration
    }

    /// - Throws: `SettingsError` that names the entry and the key.
    func catalog() throws(SettingsError) -> IntegrationCatalog {
        let file = integrationsFile
        let text: String
        if file.isEmpty {
            text = Assets.integrationsYAML
        } else {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw SettingsError(
                    "integrations", origin: file, "The file can't be read.",
                    fix: "Check the path and the permissions.")
            }
            text = String(decoding: data, as: UTF8.self)
        }
        do throws(CatalogError) {
            return try IntegrationCatalog.load(
                yaml: text, file: file.isEmpty ? "built-in integrations.yaml" : file)
        } catch {
            throw SettingsError(
                "integrations", origin: file.isEmpty ? "built in" : file, "\(error)",
                fix: "Compare with config/integrations.yaml.")
        }
    }
}
