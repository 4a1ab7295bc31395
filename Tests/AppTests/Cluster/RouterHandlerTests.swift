import Actors
import NIOCore
import NIOHTTP1
import Testing

@testable import App

@Suite("Where a request is answered")
struct RouterHandlerTests {
    @Test("what is owned is answered here, and the request is under way until then")
    func here() async throws {
        let router = try RouterUnderTest()
        router.open()
        try router.ask()
        #expect(try router.arrived().count == 2)
        let patience = Duration.milliseconds(5)
        #expect(await router.gate.drain(slowPatience: patience, quickPatience: patience) == 1)
        router.answer()
        #expect(try router.statuses() == [200])
        #expect(await router.gate.drain(quickPatience: .seconds(30)) == 0)
    }

    @Test("while nobody is known to own the data a request waits, and goes on whole")
    func held() throws {
        let router = try RouterUnderTest()
        let body = ByteBuffer(string: "{}")
        try router.send(.head(router.head(.POST)), .body(body), .end(nil))
        router.wait(milliseconds: 1000)
        #expect(try router.arrived().isEmpty && router.statuses().isEmpty)
        router.open()
        router.wait(milliseconds: HeldRequests.lookMilliseconds)
        #expect(try router.arrived() == [.head(router.head(.POST)), .body(body), .end(nil)])
        router.answer()
        #expect(try router.statuses() == [200])
    }

    @Test("a body that comes after the wait has ended goes on, too")
    func rest() throws {
        let router = try RouterUnderTest()
        try router.send(.head(router.head(.POST)))
        router.wait(milliseconds: 100)
        router.open()
        router.wait(milliseconds: HeldRequests.lookMilliseconds)
        try router.send(.body(ByteBuffer(string: "{}")), .end(nil))
        #expect(try router.arrived().count == 3)
    }

    @Test("nobody waits for ever: 503, when to come again, and the connection stays")
    func tooLong() throws {
        let router = try RouterUnderTest()
        try router.ask()
        router.wait(milliseconds: HeldRequests.holdMilliseconds + 10)
        let answer = try #require(try router.answers().first)
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.headers["retry-after"] == ["1"] && answer.headers["connection"].isEmpty)
        router.open()
        router.wait(milliseconds: 100)
        #expect(try router.arrived().isEmpty)
        try router.ask()
        #expect(try router.arrived().count == 2)
    }

    @Test("what another server has passed on goes no further, and is held like every other")
    func hop() throws {
        let router = try RouterUnderTest()
        try router.send(.head(router.sealed(router.head())), .end(nil))
        router.wait(milliseconds: 100)
        #expect(try router.statuses().isEmpty)
        router.ownerIsElsewhere()
        router.wait(milliseconds: HeldRequests.lookMilliseconds)
        let answer = try #require(try router.answers().first)
        #expect(Misdirection.isSaid(by: answer))
        #expect(try router.arrived().isEmpty)
    }

    @Test("of the header nothing is left but a source that is proven")
    func header() throws {
        let router = try RouterUnderTest()
        router.open()
        var forged = router.head()
        forged.headers.add(name: HopSeal.header, value: "127.0.0.1")
        let cases: [(HTTPRequestHead, [String])] = [
            (try router.sealed(router.head()), ["192.0.2.7"]), (forged, []), (router.head(), []),
        ]
        for (sent, left) in cases {
            try router.send(.head(sent), .end(nil))
            guard case .head(let head) = try router.arrived().first else {
                Issue.record("no head")
                return
            }
            #expect(head.headers[HopSeal.header] == left)
            router.answer()
            #expect(try router.statuses() == [200])
        }
    }

    @Test("what was read before and is answered after is not shown", arguments: [true, false])
    func tooLate(isLease: Bool) throws {
        let router = try RouterUnderTest()
        router.open()
        try router.ask()
        if isLease { router.endLease() } else { router.close() }
        router.answer()
        #expect(try router.statuses() == [503])
    }

    @Test("what is asked about the process is answered", arguments: ["/health", "/ready"])
    func process(uri: String) throws {
        let router = try RouterUnderTest()
        try router.ask(uri)
        #expect(try router.arrived().count == 2)
        router.answer()
        #expect(try router.statuses() == [200])
    }

    @Test("requests that are sent ahead wait their turn, and each finds its place")
    func ahead() throws {
        let router = try RouterUnderTest()
        try router.ask("/api/tokens")
        try router.ask("/health")
        router.wait(milliseconds: 100)
        #expect(try router.arrived().isEmpty)
        router.open()
        router.wait(milliseconds: HeldRequests.lookMilliseconds)
        #expect(try router.arrived().count == 2)
        router.answer()
        #expect(try router.arrived().count == 2)
        router.answer()
        #expect(try router.statuses() == [200, 200])
    }

    @Test("a request that was passed on is kept while it is small and has no answer")
    func kept() throws {
        let router = try RouterUnderTest()
        let held = HeldRequest(router.head(.POST), isHop: false, at: .now())
        var passed = PassedRequest(held)
        passed.keep(.body(ByteBuffer(repeating: 1, count: 1000)))
        #expect(passed.heldAgain()?.parts.count == 2 && passed.heldAgain()?.pace == .slow)
        #expect(passed.heldAgain()?.until == held.until)
        var large = passed
        large.keep(.body(ByteBuffer(repeating: 1, count: 64 << 10)))
        large.keep(.end(nil))
        #expect(large.heldAgain() == nil)
        passed.answerBegins()
        #expect(passed.heldAgain() == nil)
    }

    @Test("no more wait than there is room for")
    func bound() {
        let held = HeldRequests()
        for _ in 0..<HeldRequests.countMax { #expect(held.enter()) }
        #expect(!held.enter())
        held.leave()
        #expect(held.enter() && !held.enter())
    }
}
