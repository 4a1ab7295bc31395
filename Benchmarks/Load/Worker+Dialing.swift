import LoadCore
import NIOCore
import NIOPosix

/// Which connections are still to be made.
struct Dialer {
    var waiting: CircularBuffer<Int>
    var underWay = 0
    /// Slots that were not tried even once.
    var untried: Int
    var allTried: EventLoopPromise<Void>?

    init(slots: Int) {
        waiting = CircularBuffer(0..<slots)
        untried = slots
    }

    /// A server's queue of new connections may be as short as 128; what does not fit is dropped
    /// and tried again by the kernel a second later, which would look like a slow server.
    static let underWayMax = 16
    /// After a failure the same slot tries again, not so fast as to be a load of its own.
    static let pause = TimeAmount.milliseconds(50)
    /// Answers of a few hundred bytes come in one piece, and a stream's pieces never fill it.
    static let receiveBytes = 16 << 10
}

extension Worker {
    /// Opens all connections; done when each was tried once.
    func connectAll() -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        dialer.allTried = promise
        dial()
        if dialer.untried == 0 { promise.succeed() }
        return promise.futureResult
    }

    var openConnections: Int { connections.count { $0?.isOpen == true } }

    private func dial() {
        while dialer.underWay < Dialer.underWayMax, let slot = dialer.waiting.popFirst() {
            dialer.underWay += 1
            dial(slot)
        }
    }

    private func dial(_ slot: Int) {
        let worker = NIOLoopBound(self, eventLoop: loop)
        var bootstrap = ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: Dialer.receiveBytes)
            )
            .connectTimeout(.nanoseconds(Int64(plan.timeout)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = Connection(slot: slot, worker: worker.value)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        if !plan.sources.isEmpty {
            // Slots count within a worker; sources are shared out among all connections.
            let number = slot * plan.threads + index
            bootstrap = bootstrap.bind(to: plan.sources[number % plan.sources.count])
        }
        bootstrap.connect(to: plan.address).whenComplete { result in
            worker.value.dialed(slot, result)
        }
    }

    private func dialed(_ slot: Int, _ result: Result<any Channel, any Error>) {
        dialer.underWay -= 1
        switch result {
        case .success: report.connects += 1
        case .failure(let error):
            report.connectErrors[Failure(error), default: 0] += 1
            retry(slot)
        }
        if dialer.untried > 0 {
            dialer.untried -= 1
            if dialer.untried == 0 { dialer.allTried?.succeed() }
        }
        dial()
    }

    private func retry(_ slot: Int) {
        guard phase != .over else { return }
        let worker = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: Dialer.pause) {
            guard worker.value.phase != .over else { return }
            worker.value.dialer.waiting.append(slot)
            worker.value.dial()
        }
    }

    /// A connection is gone; its slot gets another one.
    func lost(_ connection: Connection) {
        guard connections[connection.slot] === connection else { return }
        connections[connection.slot] = nil
        guard phase != .over else { return }
        dialer.waiting.append(connection.slot)
        dial()
    }
}
