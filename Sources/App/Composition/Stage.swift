import Actors
import Foundation
import Logging
import NIOPosix
import Persistence

/// What stands in front of an opened core: endpoints, gateway and prober, built in the order in
/// which they need each other.
struct Stage {
    let core: Core
    let settings: Settings
    let http: HTTPServerConfiguration
    let ids: TraceIDSource
    let accessLog: AccessLog?
    let logger: Logger

    /// Settles what the process before this one left open.
    func begin(_ providers: [GatewayProvider]) async {
        var fingerprints: [IntegrationID: CredentialFingerprint] = [:]
        for provider in providers {
            fingerprints[provider.id] = provider.fingerprint(core.keyring)
        }
        do throws(AppendError) {
            try await core.usage.begin(fingerprints: fingerprints, at: core.clock.now())
        } catch {
            // A full disk is no reason not to serve reads; the next start says it again.
            logger.warning("interrupted calls are not marked yet: the disk is full")
        }
    }

    func build(
        _ providers: [GatewayProvider], isStopping: StopFlag
    ) async throws -> (
        front: Front, gateway: Gateway, prober: Prober, history: RequestHistory
    ) {
        let metrics = HTTPMetrics()
        let memory = RequestMemory()
        let history = RequestHistory(metrics, at: core.clock.now())
        let sources = SourceResolver(trustedProxies: http.trustedProxies)
        let encoder = ReplyEncoder(
            securityHeaders: SecurityHeaders(isReachedByTLS: http.isReachedByTLS))
        let route = Route(GatewayRoutes.any)
        let gateway = Gateway(
            Gateway.Parts(
                providers: providers, tokens: core.accounts.installation.tokenIndex,
                journal: core.journal,
                bulkheads: CallBulkheads(
                    perIntegrationMax: settings.callsPerIntegrationMax,
                    perTokenMax: settings.callsPerTokenMax),
                limiters: core.limiters, hasCallLimit: settings.rates[.calls].quota != nil,
                sources: sources, ids: ids, clock: core.clock, encoder: encoder, metrics: metrics,
                accessLog: accessLog, logger: logger),
            route: route, group: MultiThreadedEventLoopGroup.singleton)
        let prober = Prober(
            calls: gateway, providers: providers, usage: core.usage, ids: ids, clock: core.clock,
            afterSeconds: settings.probes ? settings.probesAfterSeconds : nil)
        let sms = SMSService(
            alerts: core.alerts,
            account: TwilioAccount(
                core.catalog, environment: ProcessInfo.processInfo.environment,
                publicURL: settings.publicURL),
            calls: gateway, journal: core.journal, keyring: core.keyring, clock: core.clock,
            random: SystemRandomSource(), logger: logger)
        await sms.closeInterrupted(core.usage)
        let operations = OperationsRoutes(
            version: Version.text,
            metrics: Metrics(
                http: metrics,
                sources: [CoreMetrics(core: core).write, GatewayMetrics(gateway: gateway).write])
        ) { [log = core.log] in
            if isStopping.isSet { return .stopping }
            return log.hasRoom ? .ready : .diskRefusesWrites
        }
        let traces = TraceRoutes(
            accounts: core.accounts, usage: core.usage, alerts: core.alerts, requests: memory
        ) { await gateway.calls(under: $0) }
        let endpoints = Server.endpoints(
            core.parts(providers, prober, sms, traces, history), settings)
        let table = try EndpointTable(endpoints + operations.endpoints(beside: endpoints))
        let front = Front(
            Front.Parts(
                table: table,
                accounts: AccountAuthenticator(
                    accounts: core.accounts, stepUpSeconds: settings.policy.stepUpSeconds),
                limiters: core.limiters, sources: sources,
                sameSite: SameSiteRule(publicOrigin: http.publicOrigin),
                bodies: BodyReader(jsonBytesMax: http.jsonBodyBytesMax), encoder: encoder,
                metrics: metrics, accessLog: accessLog, memory: memory, ids: ids, clock: core.clock,
                logger: logger))
        metrics.showMore([route])
        return (front, gateway, prober, history)
    }
}

/// The front's question to the accounts.
private struct AccountAuthenticator: Authenticating {
    let accounts: AccountDirectory
    let stepUpSeconds: Int64

    func session(_ secret: BearerSecret, at now: Timestamp) async -> SessionPrincipal? {
        await accounts.authenticate(secret, at: now)
    }

    func token(_ secret: BearerSecret, at now: Timestamp) async -> TokenPrincipal? {
        await accounts.installation.authenticate(secret.digest, at: now)
    }
}
