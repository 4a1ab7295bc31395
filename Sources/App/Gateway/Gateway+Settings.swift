import Actors
import Foundation
import NIOPosix
import NIOSSL

extension Settings {
    /// The integrations as the gateway works with them.
    ///
    /// - Throws: `SettingsError` when a base URL or the file with roots can't be used.
    func providers(
        _ catalog: IntegrationCatalog, environment: [String: String]
    ) throws(SettingsError) -> [GatewayProvider] {
        let tls = try upstreamTLS()
        let policy = AddressPolicy(allowsPrivate: allowPrivateUpstreams)
        let slots = CredentialSlots(catalog)
        var providers: [GatewayProvider] = []
        for entry in catalog.entries {
            let variable = entry.baseURLVariable
            guard
                let provider = GatewayProvider(
                    entry, slots: slots, environment: environment, baseURL: baseURLs[variable],
                    policy: policy, tls: tls)
            else {
                throw SettingsError(
                    variable, origin: "environment", "It is no origin.",
                    fix: "Use a URL such as https://api.example.com, without a path.")
            }
            providers.append(provider)
        }
        return providers
    }

    /// Certificates are verified, always, and names with them. One context serves all providers.
    private func upstreamTLS() throws(SettingsError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            if !upstreamCAFile.isEmpty {
                let roots = try NIOSSLCertificate.fromPEMFile(upstreamCAFile)
                configuration.additionalTrustRoots = [.certificates(roots)]
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw SettingsError(
                "upstream.ca_file", origin: upstreamCAFile, "The file can't be used: \(error).",
                fix: "It has to be a PEM file with one or more certificates.")
        }
    }
}

extension IntegrationEntry {
    /// `COUNTERSIGN_ALPACA_DATA_BASE_URL`
    var baseURLVariable: String {
        "COUNTERSIGN_" + id.text.uppercased().replacing("-", with: "_") + "_BASE_URL"
    }
}

extension GatewayProvider {
    /// What tells its credentials from others, nil where it has none.
    func fingerprint(_ keyring: DataKeyring) -> CredentialFingerprint? {
        guard let credentials else { return nil }
        let hash = keyring.fingerprint("provider credentials", credentials.identity.value)
        return CredentialFingerprint(value: KeyedHash(hash).low)
    }
}
