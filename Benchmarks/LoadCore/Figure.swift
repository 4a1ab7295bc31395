/// Figures for people to read: three digits that matter, and a unit.
package enum Figure {
    /// A latency, given in microseconds.
    package static func latency(_ microseconds: Double) -> String {
        switch microseconds {
        case ..<1000: digits(microseconds) + " µs"
        case ..<1_000_000: digits(microseconds / 1000) + " ms"
        default: digits(microseconds / 1_000_000) + " s"
        }
    }

    /// A count or rate, with commas.
    package static func count(_ number: Double) -> String {
        guard number >= 100 else { return digits(number) }
        return grouped(Int(number.rounded()))
    }

    package static func bytes(_ count: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return digits(value) + " " + units[unit]
    }

    package static func percent(_ share: Double) -> String { digits(share * 100) + " %" }

    package static func grouped(_ number: Int) -> String {
        var groups: [String] = []
        var rest = String(number.magnitude)
        while rest.count > 3 {
            groups.insert(String(rest.suffix(3)), at: 0)
            rest.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([rest] + groups).joined(separator: ",")
    }

    /// 0.123, 1.23, 12.3, 123.
    package static func digits(_ value: Double) -> String {
        let places = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
        return fixed(value, places: places)
    }

    /// With so many digits behind the point, but no zeros at the end.
    package static func fixed(_ value: Double, places: Int) -> String {
        // Beyond it whole numbers of a Double have gaps; it also keeps infinity out.
        guard value.magnitude < 1e15 else { return "∞" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((value.magnitude * scale).rounded())
        let whole = scaled / Int(scale)
        var fraction = String(scaled % Int(scale))
        guard places > 0 else { return (value < 0 ? "-" : "") + String(whole) }
        fraction = String(repeating: "0", count: places - fraction.count) + fraction
        while fraction.last == "0" { fraction.removeLast() }
        let text = String(whole) + (fraction.isEmpty ? "" : "." + fraction)
        return (value < 0 && scaled > 0 ? "-" : "") + text
    }
}
