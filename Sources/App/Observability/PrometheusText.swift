package import Persistence

/// Writes the Prometheus text exposition format, version 0.0.4.
package struct PrometheusText {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var bytes: [UInt8] = []
    private var family = ""

    package init() {}

    /// Begins a metric; the samples that follow are its.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        family = name
        bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8
    }

    package mutating func sample(_ value: Double) { sample(labels: [], value) }

    package mutating func sample(
        suffix: String = "", labels: [(String, String)], _ value: Double
    ) {
        bytes += family.utf8
        bytes += suffix.utf8
        if !labels.isEmpty {
            let list = labels.map { "\($0.0)=\"\(PrometheusText.escape($0.1))\"" }
            bytes += "{\(list.joined(separator: ","))}".utf8
        }
        bytes += " \(PrometheusText.number(value))\n".utf8
    }

    package mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
        family(name, .gauge, help)
        sample(Double(value))
    }

    package mutating func counter(_ name: String, _ help: String, _ value: some BinaryInteger) {
        family(name, .counter, help)
        sample(Double(value))
    }

    /// - Parameter unit: what the histogram's numbers are divided by; the format wants seconds.
    package mutating func histogram(
        _ name: String, _ help: String, _ histogram: Histogram, dividedBy unit: Double = 1
    ) {
        family(name, .histogram, help)
        let values = histogram.read()
        var sum: UInt64 = 0
        for (index, count) in values.counts.enumerated() {
            sum += count
            let bound = index < histogram.bounds.count ? Double(histogram.bounds[index]) : nil
            let text = bound.map { PrometheusText.number($0 / unit) } ?? "+Inf"
            sample(suffix: "_bucket", labels: [("le", text)], Double(sum))
        }
        sample(suffix: "_sum", labels: [], Double(values.sum) / unit)
        sample(suffix: "_count", labels: [], Double(sum))
    }

    /// Whole numbers without a fraction, as people expect counters to look.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    private static func escape(_ value: String) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
