package import Actors
import Crypto
import Persistence

/// Reads the body of `POST /api/usage/events`, in one pass, item by item. A bad item is rejected
/// alone; a body that is no JSON at all is refused as a whole.
package struct UsageReportParser {
    let integrations: Set<IntegrationID>
    let now: Timestamp
    /// For reports that bring no trace id of their own.
    let trace: TraceID

    package init(integrations: Set<IntegrationID>, now: Timestamp, trace: TraceID) {
        self.integrations = integrations
        self.now = now
        self.trace = trace
    }

    struct Rejection: Equatable {
        let index: Int
        let code: ErrorCode
        let message: String
    }

    package struct Parsed {
        package var reports: [UsageReport] = []
        /// The index in the body of each report.
        var positions: [Int] = []
        var rejections: [Rejection] = []
        fileprivate var count = 0

        fileprivate mutating func add(_ item: Result<UsageReport, ReportFault>) {
            switch item {
            case .success(let report):
                reports.append(report)
                positions.append(count)
            case .failure(let fault):
                rejections.append(
                    Rejection(index: count, code: fault.code, message: fault.message))
            }
            count += 1
        }
    }

    /// - Throws: `malformed_json` when the whole is no JSON, `validation_failed` when it is no
    ///   array.
    package func parse(array bytes: [UInt8]) throws(APIError) -> Parsed {
        var parsed = Parsed()
        var scanner = JSONScanner(bytes)
        let isArray = scanner.peek() == UInt8(ascii: "[")
        do throws(JSONFault) {
            if isArray {
                try scanner.array { scanner throws(JSONFault) in
                    parsed.add(try item(&scanner))
                }
            } else {
                _ = try scanner.value()
            }
            try scanner.finish()
        } catch {
            throw APIError(error)
        }
        guard isArray else {
            throw APIError(
                .validationFailed,
                message: "The body has to be a JSON array of events, or NDJSON.")
        }
        return parsed
    }

    /// Every line stands for itself; empty ones are skipped.
    package func parse(lines bytes: [UInt8]) -> Parsed {
        var parsed = Parsed()
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            var scanner = JSONScanner(bytes, in: line.indices)
            guard scanner.peek() != nil else { continue }
            do throws(JSONFault) {
                let item = try item(&scanner)
                try scanner.finish()
                parsed.add(item)
            } catch {
                parsed.add(.failure(ReportFault(.malformedJSON, "The line is no JSON object.")))
            }
        }
        return parsed
    }

    private func item(_ scanner: inout JSONScanner) throws(JSONFault) -> Result<
        UsageReport, ReportFault
    > {
        guard scanner.peek() == UInt8(ascii: "{") else {
            _ = try scanner.value()
            return .failure(ReportFault(.validationFailed, "An event is a JSON object."))
        }
        var fields = ReportFields()
        try scanner.object { scanner, name throws(JSONFault) in
            try fields.read(name, from: &scanner)
        }
        do throws(ReportFault) {
            return .success(try fields.report(self))
        } catch {
            return .failure(error)
        }
    }
}

/// What is wrong with one item.
struct ReportFault: Error, Equatable {
    let code: ErrorCode
    let message: String

    init(_ code: ErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }

    static func invalid(_ message: String) -> ReportFault {
        ReportFault(.validationFailed, message)
    }
}

extension APIError {
    fileprivate init(_ fault: JSONFault) {
        switch fault {
        case .malformed(let offset):
            self.init(.malformedJSON, message: "The body is no JSON from byte \(offset) on.")
        case .tooDeep(let offset):
            self.init(
                .malformedJSON,
                message:
                    "The body is nested more than \(JSONScanner.depthMax) deep at byte \(offset).")
        }
    }
}
