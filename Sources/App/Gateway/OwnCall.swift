import Actors
import Foundation
import NIOCore
import NIOHTTP1

/// A call of the server's own, prepared on any thread.
struct OwnCallOrder: Sendable {
    let call: ProviderCall
    let provider: GatewayProvider
    fileprivate let requestHead: ByteBuffer
    fileprivate let usage: UsageFacts

    init(
        _ call: ProviderCall, _ provider: GatewayProvider, _ credentials: ProviderCredentials,
        at now: Timestamp
    ) {
        self.call = call
        self.provider = provider
        var headers: HTTPHeaders = [
            "accept": "application/json", "user-agent": "countersign/\(Version.text)",
        ]
        if let type = call.contentType {
            headers.add(name: "content-type", value: type)
            headers.add(name: "content-length", value: String(call.body.count))
        }
        let parts = call.target.split(separator: "?", maxSplits: 1)
        var target = CallAdmission.withAccount(parts.first ?? "/", credentials)
        let query = ([parts.count == 2 ? String(parts[1]) : "", credentials.query.value])
            .filter { !$0.isEmpty }.joined(separator: "&")
        if !query.isEmpty { target += "?" + query }
        requestHead = provider.requestFields.head(
            method: call.method, target: target, authority: provider.origin.authority,
            headers: headers, credentials: credentials.headerLines.value)
        usage = UsageFacts(
            integration: call.integration, operation: call.operation, source: call.source,
            status: .pending, at: now, trace: call.trace, reporter: call.reporter,
            eventID: call.eventID)
    }
}

/// Gathers the answer of a call of the server's own. Confined to its event loop.
final class OwnCall: CallClient {
    private let order: OwnCallOrder
    private let loop: GatewayLoop
    private var done: ((ProviderAnswer) -> Void)?
    private var call: GatewayCall?
    private var body: [UInt8] = []

    init(
        _ order: OwnCallOrder, loop: GatewayLoop, done: @escaping (ProviderAnswer) -> Void
    ) {
        self.order = order
        self.loop = loop
        self.done = done
    }

    func start() {
        let call = GatewayCall(
            GatewayCall.Order(
                provider: order.provider, method: order.call.method,
                requestHead: order.requestHead, hasBody: !order.call.body.isEmpty,
                isChunked: false, token: nil, usage: order.usage, began: .now()),
            loop: loop, client: self)
        self.call = call
        call.sendBody(ByteBuffer(bytes: order.call.body))
        call.endBody()
        call.start()
    }

    func callAnswers(_ head: RelayHead) {}

    func callContent(_ bytes: ByteBuffer) {
        let room = ProviderCall.answerBytesMax - body.count
        if room > 0 { body += bytes.readableBytesView.prefix(room) }
    }

    func callPauses() {}
    func callEnded(_ end: CallEnd) { finish(end) }
    func callFailed(_ error: APIError, _ end: CallEnd) { finish(end, error) }
    func callCut(_ end: CallEnd) { finish(end) }
    var takesMore: Bool { true }
    func callSendsMore() {}

    private func finish(_ end: CallEnd, _ error: APIError? = nil) {
        let facts = end.facts
        // Not even the log took it: then nothing was sent, or nobody can say.
        let status = facts.status == .pending ? UsageStatus.refused : facts.status
        done?(
            ProviderAnswer(
                row: end.row, status: status, httpStatus: facts.httpStatus,
                errorCode: facts.errorCode ?? (status == .ok ? nil : error?.code.rawValue),
                providerCode: facts.findings.errorCode,
                providerMessage: facts.findings.errorMessage,
                suggestedFix: facts.suggestedFix ?? error?.suggestedFix,
                retryAfterSeconds: facts.retryAfterSeconds, body: body, trace: order.call.trace))
        done = nil
        loop.drop(self)
    }
}

extension ProviderAnswer {
    /// Nothing was sent.
    init(refused call: ProviderCall, _ error: APIError?) {
        self.init(
            row: nil, status: .refused, httpStatus: nil,
            errorCode: (error?.code ?? .integrationUnknown).rawValue, providerCode: nil,
            providerMessage: nil, suggestedFix: error?.suggestedFix,
            retryAfterSeconds: error?.retryAfterSeconds, body: [], trace: call.trace)
    }
}
