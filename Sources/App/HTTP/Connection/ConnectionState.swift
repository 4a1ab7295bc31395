import NIOCore

/// Where one HTTP/1.1 connection stands: the rules of the exchange, without the channel.
///
/// Requests are let through one at a time; what a client sends ahead (pipelining) waits its turn,
/// and reading stops while something waits.
struct ConnectionState {
    enum Phase: Equatable {
        /// No request is under way; bytes of one may have arrived.
        case waiting
        case exchange(Exchange)
        /// Our last answer is written. Input is thrown away until the client closes.
        case lingering
        case closed
    }

    struct Exchange: Equatable {
        /// The request's last byte has arrived.
        var isRequestComplete = false
        var isAnswerBegun = false
        /// What the client asked for; HTTP/1.0 has to say so, HTTP/1.1 to deny it.
        var isKeptAlive: Bool
        var isHTTP10: Bool
    }

    /// What is written into the head of an answer.
    enum Persistence: Equatable {
        case keepSilently
        case keepAlive
        case close
    }

    enum AfterAnswer: Equatable {
        case nextRequest
        /// The client has nothing more to say: the answer is followed by the end.
        case close
        /// Something the client sent, or is sending, was not read.
        case linger
    }

    private(set) var phase: Phase = .waiting
    private(set) var isQuiescing = false
    private(set) var isInputClosed = false
    private(set) var hasHadRequest = false

    var isExchangeComplete: Bool {
        if case .exchange(let exchange) = phase { exchange.isRequestComplete } else { false }
    }

    /// Whether a failure can still be answered: nothing of another answer is on its way.
    var canRefuse: Bool {
        switch phase {
        case .waiting: true
        case .exchange(let exchange): !exchange.isAnswerBegun
        case .lingering, .closed: false
        }
    }

    mutating func requestBegan(isKeptAlive: Bool, isHTTP10: Bool) {
        precondition(phase == .waiting)
        hasHadRequest = true
        phase = .exchange(Exchange(isKeptAlive: isKeptAlive, isHTTP10: isHTTP10))
    }

    mutating func requestEnded() {
        guard case .exchange(var exchange) = phase else { return }
        exchange.isRequestComplete = true
        phase = .exchange(exchange)
    }

    /// An answer that comes before the end of its request is the connection's last: the rest of the
    /// request would have to be read for the next to be found.
    ///
    /// - Parameter hasMoreInput: something that was sent ahead waits to be handled.
    mutating func answerBegan(hasMoreInput: Bool) -> Persistence {
        guard case .exchange(var exchange) = phase else { return .close }
        exchange.isAnswerBegun = true
        let isLast = isQuiescing || (isInputClosed && !hasMoreInput)
        if isLast || !exchange.isRequestComplete { exchange.isKeptAlive = false }
        phase = .exchange(exchange)
        guard exchange.isKeptAlive else { return .close }
        return exchange.isHTTP10 ? .keepAlive : .keepSilently
    }

    mutating func answerEnded(hasMoreInput: Bool) -> AfterAnswer {
        guard case .exchange(let exchange) = phase else { return .close }
        // A stop that began in the middle of an answer has found its head gone already.
        if exchange.isKeptAlive, !isQuiescing {
            phase = .waiting
            return .nextRequest
        }
        guard exchange.isRequestComplete, !hasMoreInput else {
            phase = .lingering
            return .linger
        }
        phase = .closed
        return .close
    }

    /// Our own last answer is on its way.
    mutating func refused() { phase = .lingering }

    mutating func inputClosed() { isInputClosed = true }

    mutating func closed() { phase = .closed }

    /// The server is stopping. True when the connection can be closed at once.
    ///
    /// - Parameter hasPartialHead: some bytes of the next request are here already.
    mutating func quiesce(hasPartialHead: Bool) -> Bool {
        isQuiescing = true
        return phase == .waiting && !hasPartialHead
    }
}
