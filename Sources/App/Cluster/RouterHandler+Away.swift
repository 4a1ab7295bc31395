import NIOCore
import NIOHTTP1

/// Requests that are passed on to the owner, and their answers.
extension RouterHandler {
    /// How often it is asked whether the owner of a request under way is still the owner: a server
    /// that stands still never says that it is none any more.
    private static let watchMilliseconds: Int64 = 250
    /// One that has given everything up in good order has answered first; its answer may be on the
    /// way.
    private static let changesSeenMax = 2

    func pass(_ held: HeldRequest, to address: PeerAddress, _ context: ChannelHandlerContext) {
        request = .away(PassedRequest(held))
        let owner =
            owners[address]
            ?? parts.connector.connect(to: address, for: self, on: context.eventLoop)
        owners[address] = owner
        self.owner = owner
        for part in held.parts { pass(part) }
        owner.flush()
        watchOwner(context)
        readOn()
    }

    func pass(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            owner?.write(.head(sealed(head)))
        case .body(let bytes):
            owner?.write(.body(.byteBuffer(bytes)))
        case .end(let trailers):
            owner?.write(.end(trailers))
            owner?.flush()
        }
    }

    private func sealed(_ head: HTTPRequestHead) -> HTTPRequestHead {
        let visit = source(of: head)
        var head = head
        head.headers.removeHopByHop()
        let seal = parts.seal.seal(head, from: visit.source, at: visit.now)
        head.headers.add(name: HopSeal.header, value: seal)
        return head
    }

    func ownerHasRoom() { readOn() }

    // MARK: What the owner answers

    var clientHasRoom: Bool { context?.channel.isWritable ?? false }

    func received(_ part: HTTPClientResponsePart, from sender: OwnerConnection) {
        guard sender === owner, case .away(var passed) = request, let context else { return }
        switch part {
        case .head(let head) where Misdirection.isSaid(by: head):
            drop(sender)
            tryAgain(passed, context)
        case .head(var head):
            head.headers.removeHopByHop()
            // 100 Continue is not the answer yet.
            let isAnswer = head.status.code >= 200
            if isAnswer {
                passed.answerBegins()
                request = .away(passed)
            }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if !isAnswer { context.flush() }
        case .body(let bytes):
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        case .end(let trailers):
            request = .none
            context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: nil)
            readOn()
        }
    }

    func receivedAll() { context?.flush() }

    /// The connection to the owner is of no use any more.
    ///
    /// - Parameter wasOpen: something may have been sent.
    func ended(_ sender: OwnerConnection, wasOpen: Bool) {
        let isUnderWay = sender === owner
        drop(sender)
        guard isUnderWay else { return }
        guard case .away(let passed) = request, let context else { return }
        if passed.isAnswerBegun {
            request = .none
            // Half an answer is out; that it is half is all that can be said.
            context.close(promise: nil)
        } else if wasOpen {
            refuse(.notReady, context)
        } else {
            tryAgain(passed, context)
        }
    }

    private func drop(_ connection: OwnerConnection) {
        if owners[connection.address] === connection { owners[connection.address] = nil }
        if owner === connection { owner = nil }
        connection.close()
    }

    /// Nothing has come of the request: it waits for another owner, or for this one.
    private func tryAgain(_ passed: PassedRequest, _ context: ChannelHandlerContext) {
        guard let held = passed.heldAgain(), context.eventLoop.now < held.until else {
            return refuse(.notReady, context)
        }
        request = .held(held)
        lookAgain(context)
    }

    private func watchOwner(_ context: ChannelHandlerContext) {
        guard watch == nil else { return }
        let pause = TimeAmount.milliseconds(Self.watchMilliseconds)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        watch = context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            bound.value.checkOwner()
        }
    }

    private func checkOwner() {
        guard case .away(var passed) = request, !passed.isAnswerBegun, let owner,
            parts.owner(passed.home) != owner.address
        else { return }
        passed.changesSeen += 1
        request = .away(passed)
        guard passed.changesSeen >= Self.changesSeenMax else { return }
        ended(owner, wasOpen: true)
    }
}

extension HTTPHeaders {
    /// What concerns one connection only. How the body is framed stays: the codecs need it.
    fileprivate mutating func removeHopByHop() {
        let named = self[canonicalForm: "connection"].map { String($0).lowercased() }
        for name in named + ["connection", "keep-alive", "proxy-connection", "te", "upgrade"]
        where name != "transfer-encoding" && name != "content-length" {
            remove(name: name)
        }
    }
}
