import Foundation
package import Persistence

/// A moment in UTC with millisecond precision, counted from 1970-01-01T00:00:00Z.
///
/// The domain never reads a clock by itself: a `Timestamp` comes in with every command, so that
/// replay and tests see the same time as the live server did.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package init(seconds: Int64) { self.milliseconds = seconds * 1000 }

    /// Whole seconds since the epoch, rounded down.
    package var seconds: Int64 {
        milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    package func advanced(bySeconds seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds + seconds * 1000)
    }

    package func advanced(byMilliseconds count: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds + count)
    }
}

extension Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2026-11-24T08:30:00.123Z`. Years outside 0…9999 are
    /// clamped.
    package var rfc3339: String {
        String(decoding: rfc3339Bytes, as: UTF8.self)
    }

    /// The same as ASCII bytes, for answers that are written by hand.
    package var rfc3339Bytes: [UInt8] {
        let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        let days = clamped >= 0 ? clamped / 86_400_000 : (clamped - 86_399_999) / 86_400_000
        let inDay = clamped - days * 86_400_000
        let (year, month, day) = Timestamp.civil(days: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func digits(_ value: Int64, _ width: Int) {
            var divisor: Int64 = 1
            for _ in 1..<width { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(48 + (value / divisor) % 10))
                divisor /= 10
            }
        }
        digits(year, 4)
        text.append(UInt8(ascii: "-"))
        digits(month, 2)
        text.append(UInt8(ascii: "-"))
        digits(day, 2)
        text.append(UInt8(ascii: "T"))
        digits(inDay / 3_600_000, 2)
        text.append(UInt8(ascii: ":"))
        digits(inDay / 60_000 % 60, 2)
        text.append(UInt8(ascii: ":"))
        digits(inDay / 1000 % 60, 2)
        text.append(UInt8(ascii: "."))
        digits(inDay % 1000, 3)
        text.append(UInt8(ascii: "Z"))
        return text
    }

    /// The proleptic Gregorian date of a day number, by Howard Hinnant's published algorithm
    /// (`civil_from_days`): exact for every day and free of Foundation's calendars.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Reads RFC 3339 §5.6: `T` or `t`, any fraction (cut to milliseconds), `Z` or a numeric
    /// offset. Nil for anything else, days and hours out of range included. A leap second reads as
    /// the one before.
    package init?(rfc3339 text: some Collection<UInt8>) {
        let text = Array(text)
        guard text.count >= 20, text.count <= 40 else { return nil }
        var index = 0
        func digits(_ width: Int) -> Int64? {
            guard index + width <= text.count else { return nil }
            var value: Int64 = 0
            for _ in 0..<width {
                guard text[index] >= 48, text[index] <= 57 else { return nil }
                value = value * 10 + Int64(text[index] - 48)
                index += 1
            }
            return value
        }
        func skip(_ allowed: UInt8...) -> Bool {
            guard index < text.count, allowed.contains(text[index]) else { return false }
            index += 1
            return true
        }
        guard let year = digits(4), skip(UInt8(ascii: "-")), let month = digits(2),
            skip(UInt8(ascii: "-")), let day = digits(2),
            skip(UInt8(ascii: "T"), UInt8(ascii: "t")), let hour = digits(2),
            skip(UInt8(ascii: ":")), let minute = digits(2), skip(UInt8(ascii: ":")),
            let second = digits(2)
        else { return nil }
        var fraction: Int64 = 0
        if skip(UInt8(ascii: ".")) {
            var scale: Int64 = 100
            var count = 0
            while index < text.count, text[index] >= 48, text[index] <= 57 {
                fraction += Int64(text[index] - 48) * scale
                scale /= 10
                index += 1
                count += 1
            }
            guard count > 0 else { return nil }
        }
        var offsetMinutes: Int64 = 0
        if !skip(UInt8(ascii: "Z"), UInt8(ascii: "z")) {
            guard index < text.count else { return nil }
            let negative = text[index] == UInt8(ascii: "-")
            guard skip(UInt8(ascii: "+"), UInt8(ascii: "-")), let hours = digits(2),
                skip(UInt8(ascii: ":")), let minutes = digits(2), hours < 24, minutes < 60
            else { return nil }
            offsetMinutes = (hours * 60 + minutes) * (negative ? -1 : 1)
        }
        guard index == text.count, (1...12).contains(month), day >= 1, hour < 24, minute < 60,
            second <= 60
        else { return nil }
        let days = Timestamp.days(year: year, month: month, day: day)
        guard Timestamp.civil(days: days) == (year, month, day) else { return nil }
        let inDay = (hour * 60 + minute - offsetMinutes) * 60 + min(second, 59)
        self.init(milliseconds: days * 86_400_000 + inDay * 1000 + fraction)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// Where the time comes from; the tests have their own.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}

package struct SystemWallClock: WallClock {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        // CLOCK_REALTIME with a valid pointer cannot fail (clock_gettime(2)).
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

extension ByteWriter {
    package mutating func write(_ value: Timestamp) { write(value.milliseconds) }
}

extension ByteReader {
    package mutating func readTimestamp() throws(DecodingFault) -> Timestamp {
        Timestamp(milliseconds: try read(Int64.self))
    }
}
