import Synchronization

/// Carries out what an `OrderedConsumer` decides. Everything is called on the client's event loop,
/// one after the other.
package final class StreamReader: Sendable {
    package enum Event: Sendable {
        case message(StoredMessage)
        /// Everything that the stream had a moment ago has been delivered.
        case caughtUp
    }

    private struct State {
        var consumer: OrderedConsumer
        var subscription: UInt64?
        var name = ""
        /// The peer that the consumer lives on, as far as is known.
        var peer: String?
        /// Flow control is answered only when the receiver has room.
        var isHeld = false
        var heldReply: String?
    }

    private let jetStream: JetStream
    private let stream: String
    private let filter: String?
    private let state: Mutex<State>
    private let handler: @Sendable (Event) -> Void

    /// - Parameters:
    ///   - sequence: the first message delivered is the first after that one.
    ///   - filter: only messages of that subject; then their sequences have gaps.
    package init(
        _ jetStream: JetStream, stream: String, after sequence: UInt64, filter: String? = nil,
        handler: @escaping @Sendable (Event) -> Void
    ) {
        self.jetStream = jetStream
        self.stream = stream
        self.filter = filter
        self.handler = handler
        state = Mutex(State(consumer: OrderedConsumer(after: sequence)))
    }

    package func start() { step { $0.start(now: Milliseconds.now) } }
    package func stop() { step { $0.stop() } }

    /// To be called several times a second.
    package func tick() { step { $0.tick(now: Milliseconds.now) } }

    /// Reads again from the message after that one, with another consumer.
    package func restart(after sequence: UInt64) {
        step { $0.restart(after: sequence, now: Milliseconds.now) }
    }

    /// The server that the consumer lives on; nil before that is known.
    package var peer: String? { state.withLock { $0.peer } }

    /// While held, the server sends what is under way and then waits.
    package func hold(_ isHeld: Bool) {
        let reply = state.withLock { state -> String? in
            state.isHeld = isHeld
            guard !isHeld else { return nil }
            defer { state.heldReply = nil }
            return state.heldReply
        }
        if let reply { try? jetStream.client.publish(Publication(reply)) }
    }

    private func step(_ body: (inout OrderedConsumer) -> [OrderedConsumer.Action]) {
        for action in state.withLock({ body(&$0.consumer) }) { perform(action) }
    }

    private func perform(_ action: OrderedConsumer.Action) {
        switch action {
        case .create(let number, let sequence): create(number, from: sequence)
        case .drop: drop()
        case .deliver(let message): handler(.message(message))
        case .caughtUp: handler(.caughtUp)
        case .answerFlowControl(let subject):
            let isHeld = state.withLock { state in
                if state.isHeld { state.heldReply = subject }
                return state.isHeld
            }
            if !isHeld { try? jetStream.client.publish(Publication(subject)) }
        }
    }

    private func create(_ number: UInt64, from sequence: UInt64) {
        let client = jetStream.client
        let inbox = client.newInbox()
        let subscription = client.subscribe(to: inbox) { message in
            self.step { $0.received(message, number: number, now: Milliseconds.now) }
        }
        guard let subscription else {
            return step { $0.failed(number: number, now: Milliseconds.now) }
        }
        let name = "ordered-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        let request = ConsumerRequest(
            streamName: stream,
            config: ConsumerRequest.Settings(
                name: name, deliverSubject: inbox, startSequence: sequence, filterSubject: filter))
        state.withLock { state in
            state.subscription = subscription
            state.name = name
            state.peer = nil
        }
        jetStream.createConsumer(request) { result in
            switch result {
            case .success(let info):
                self.state.withLock { state in
                    if state.name == name { state.peer = info.cluster?.leader }
                }
                self.step { $0.created(number: number, now: Milliseconds.now) }
            case .failure: self.step { $0.failed(number: number, now: Milliseconds.now) }
            }
        }
    }

    private func drop() {
        let (subscription, name) = state.withLock { state in
            defer {
                state.subscription = nil
                state.heldReply = nil
            }
            return (state.subscription, state.name)
        }
        guard let subscription else { return }
        jetStream.client.unsubscribe(subscription)
        jetStream.deleteConsumer(name, of: stream)
    }
}
