import Actors
import Persistence
import Testing

@Suite struct AttemptDelayTests {
    private let start = Timestamp(seconds: 1_800_000_000)

    private func delay(failures: Int) -> AttemptDelay {
        AttemptDelay(consecutiveFailures: failures, lastFailureAt: failures == 0 ? nil : start)
    }

    @Test(
        "ten failures are free, then the delay doubles from 1 s to 15 minutes",
        arguments: [
            (0, 0), (1, 0), (9, 0), (10, 1), (11, 2), (12, 4), (13, 8), (14, 16), (15, 32),
            (16, 64),
            (17, 128), (18, 256), (19, 512), (20, 900), (21, 900), (100, 900), (1_000_000_000, 900),
        ] as [(Int, Int64)])
    func table(failures: Int, seconds: Int64) {
        let delay = delay(failures: failures)
        #expect(delay.delaySeconds == seconds)
        guard seconds > 0 else {
            #expect(delay.blockedUntil(at: start) == nil)
            #expect(delay.retryAfterSeconds(at: start) == nil)
            return
        }
        let until = start.advanced(bySeconds: seconds)
        #expect(delay.blockedUntil(at: start) == until)
        #expect(delay.retryAfterSeconds(at: start) == Int(seconds))
        #expect(delay.blockedUntil(at: until.advanced(byMilliseconds: -1)) == until)
        #expect(delay.retryAfterSeconds(at: until.advanced(byMilliseconds: -1)) == 1)
        #expect(delay.blockedUntil(at: until) == nil)
        #expect(delay.retryAfterSeconds(at: until) == nil)
    }

    @Test("failures in a row add up, and a success ends the row")
    func records() {
        var delay = AttemptDelay()
        for count in 1...12 {
            delay.recordFailure(at: start.advanced(bySeconds: Int64(count)))
            #expect(delay.consecutiveFailures == count)
        }
        #expect(delay.lastFailureAt == start.advanced(bySeconds: 12))
        #expect(delay.blockedUntil(at: start) == start.advanced(bySeconds: 16))
        delay.clear()
        #expect(delay == AttemptDelay())
        #expect(delay.blockedUntil(at: start) == nil)
    }

    @Test("a day of patience gives no more guesses than the delay allows")
    func guessesPerDay() {
        var delay = AttemptDelay()
        var now = start
        var guesses = 0
        while now < start.advanced(bySeconds: 86_400) {
            if let until = delay.blockedUntil(at: now) { now = until }
            delay.recordFailure(at: now)
            guesses += 1
        }
        #expect(guesses <= 116)
    }

    @Test("a clock that is set back keeps nobody out for longer than the longest delay")
    func clockSetBack() {
        let delay = delay(failures: 30)
        let aDayBack = start.advanced(bySeconds: -86_400)
        #expect(delay.blockedUntil(at: aDayBack) == nil)
        let aMinuteBack = start.advanced(bySeconds: -60)
        #expect(delay.retryAfterSeconds(at: aMinuteBack) == 900)
    }

    @Test("it is read as it was written", arguments: [0, 1, 10, 300])
    func codec(failures: Int) throws {
        let delay = delay(failures: failures)
        var writer = ByteWriter()
        writer.write(delay)
        var reader = ByteReader(writer.bytes)
        #expect(try reader.readAttemptDelay() == delay)
        #expect(reader.isAtEnd)
    }
}
