import NATS
import Testing

@Suite("A consumer that delivers in order")
struct OrderedConsumerTests {
    private func message(_ stream: UInt64, _ consumer: UInt64, pending: Int = 5) -> Message {
        Message(
            subject: "ev.1", subscription: 9,
            reply: "$JS.ACK.EV_1.c.1.\(stream).\(consumer).1700000000.\(pending)",
            payload: [UInt8(truncatingIfNeeded: stream)])
    }

    private func heartbeat(last consumer: UInt64, extra: String = "") throws -> Message {
        let text = "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: \(consumer)\r\n\(extra)\r\n"
        return Message(
            subject: "d", subscription: 9, headers: try Headers(parsing: text.utf8))
    }

    private func delivered(_ actions: [OrderedConsumer.Action]) -> [UInt64] {
        actions.compactMap { if case .deliver(let message) = $0 { message.sequence } else { nil } }
    }

    private func started(after sequence: UInt64 = 0) -> OrderedConsumer {
        var consumer = OrderedConsumer(after: sequence)
        #expect(consumer.start(now: 0) == [.create(number: 1, from: sequence + 1)])
        #expect(consumer.created(number: 1, now: 1) == [])
        return consumer
    }

    @Test("delivers, and says when it has everything")
    func delivers() {
        var consumer = started(after: 6)
        let first = consumer.received(message(7, 1), number: 1, now: 2)
        #expect(delivered(first) == [7] && !first.contains(.caughtUp))
        let second = consumer.received(message(8, 2, pending: 0), number: 1, now: 3)
        #expect(delivered(second) == [8] && second.last == .caughtUp)
    }

    @Test("a gap makes it begin again after what it has, and the old one's rest is dropped")
    func gap() {
        var consumer = started()
        _ = consumer.received(message(1, 1), number: 1, now: 2)
        #expect(
            consumer.received(message(3, 3), number: 1, now: 3)
                == [.drop(number: 1), .create(number: 2, from: 2)])
        #expect(consumer.received(message(4, 4), number: 1, now: 4) == [])
        // The first messages may come before the answer.
        #expect(delivered(consumer.received(message(2, 1), number: 2, now: 5)) == [2])
        #expect(consumer.created(number: 2, now: 6) == [])
        #expect(delivered(consumer.received(message(3, 2), number: 2, now: 7)) == [3])
    }

    @Test("a hole in the stream is delivered as it is: the reader sees it")
    func hole() {
        var consumer = started()
        _ = consumer.received(message(1, 1), number: 1, now: 2)
        #expect(delivered(consumer.received(message(3, 2), number: 1, now: 3)) == [3])
    }

    @Test("a heartbeat that knows of more than came makes it begin again")
    func lostLast() throws {
        var consumer = started()
        _ = consumer.received(message(1, 1), number: 1, now: 2)
        #expect(try consumer.received(heartbeat(last: 1), number: 1, now: 3) == [.caughtUp])
        #expect(
            try consumer.received(heartbeat(last: 2), number: 1, now: 4)
                == [.drop(number: 1), .create(number: 2, from: 2)])
    }

    @Test("silence makes it begin again, a heartbeat does not")
    func silence() throws {
        var consumer = started()
        #expect(consumer.tick(now: 2900) == [])
        #expect(try consumer.received(heartbeat(last: 0), number: 1, now: 2900) == [.caughtUp])
        #expect(consumer.tick(now: 5900) == [])
        #expect(consumer.tick(now: 5901) == [.drop(number: 1), .create(number: 2, from: 1)])
    }

    @Test("a refusal is tried again a little later")
    func refused() {
        var consumer = OrderedConsumer(after: 0)
        _ = consumer.start(now: 0)
        #expect(consumer.failed(number: 1, now: 10) == [.drop(number: 1)])
        #expect(consumer.tick(now: 259) == [])
        #expect(consumer.tick(now: 260) == [.create(number: 2, from: 1)])
        #expect(consumer.failed(number: 1, now: 261) == [])
    }

    @Test("flow control is answered where the server says")
    func flowControl() throws {
        var consumer = started()
        let request = Message(
            subject: "d", subscription: 9, reply: "$JS.FC.x",
            headers: try Headers(parsing: "NATS/1.0 100 FlowControl Request\r\n\r\n".utf8))
        #expect(
            consumer.received(request, number: 1, now: 1) == [.answerFlowControl("$JS.FC.x")])
        let stalled = try heartbeat(last: 0, extra: "Nats-Consumer-Stalled: $JS.FC.y\r\n")
        #expect(
            consumer.received(stalled, number: 1, now: 1).first == .answerFlowControl("$JS.FC.y"))
    }

    @Test("once stopped, nothing moves it")
    func stopped() {
        var consumer = started()
        #expect(consumer.stop() == [.drop(number: 1)])
        #expect(consumer.received(message(1, 1), number: 1, now: 2) == [])
        #expect(consumer.tick(now: 99_999) == [])
        #expect(consumer.restart(after: 0, now: 3) == [])
    }

    @Test("the place of a delivery, in both forms, and nothing else")
    func places() throws {
        let short = try #require(DeliveryPlace(reply: "$JS.ACK.EV_1.c.1.77.3.170.9"))
        #expect(short.streamSequence == 77 && short.consumerSequence == 3 && short.pending == 9)
        let long = try #require(DeliveryPlace(reply: "$JS.ACK.dom.acc.EV_1.c.1.77.3.170.9"))
        #expect(long == short)
        for bad in [
            "", "a.b", "$JS.ACK.EV_1.c.1.x.3.170.9", "$JS.ACK.1.2", "$JS.NAK.a.b.1.2.3.4.5",
        ] {
            #expect(DeliveryPlace(reply: bad) == nil)
        }
    }
}

@Suite("Settings of the client and of streams")
struct SettingsTests {
    @Test("addresses of servers")
    func addresses() {
        let local = ServerAddress(host: "10.0.0.1", port: 4333)
        #expect(ServerAddress("nats://10.0.0.1:4333") == local)
        #expect(ServerAddress("10.0.0.1:4333/") == local)
        #expect(ServerAddress("tls://nats.example") == ServerAddress(host: "nats.example"))
        #expect(ServerAddress("[::1]:5") == ServerAddress(host: "::1", port: 5))
        #expect(ServerAddress("[::1]") == ServerAddress(host: "::1"))
        for bad in ["", "nats://", "http://a", "a:b", "a:0", "a:70000", "u:p@a:1", "::1", "a b"] {
            #expect(ServerAddress(bad) == nil, "\(bad)")
        }
    }

    @Test("the wait between rounds doubles up to its limit, and is never less than half")
    func backOff() {
        let backOff = BackOff()
        #expect(
            (1...8).map { backOff.milliseconds(afterRounds: $0, random: 0) }
                == [50, 100, 200, 400, 800, 1600, 2000, 2000])
        #expect(backOff.milliseconds(afterRounds: 100, random: 0.999) > 1000)
    }

    @Test("everything that could lose what was acknowledged is found in a stream's settings")
    func differences() {
        let wanted = StreamConfiguration(name: "EV_1", subjects: ["ev.1"])
        #expect(wanted.differences(from: wanted).isEmpty)
        let changes: [(inout StreamConfiguration) -> Void] = [
            { $0.replicas = 1 }, { $0.storage = "memory" }, { $0.retention = "workqueue" },
            { $0.discard = "old" }, { $0.maxAge = 1 }, { $0.denyDelete = false },
            { $0.allowDirect = true }, { $0.allowRollup = true }, { $0.duplicateWindow = 1 },
            { $0.subjects = ["ev.>"] }, { $0.maxMessages = 10 }, { $0.persistMode = "async" },
            { $0.maxMessagesPerSubject = 1 }, { $0.sealed = true }, { $0.denyPurge = true },
            { $0.noAcknowledgement = true }, { $0.allowsMessageTTL = true },
        ]
        for change in changes {
            var found = wanted
            change(&found)
            #expect(found.differences(from: wanted).count == 1)
        }
    }
}
