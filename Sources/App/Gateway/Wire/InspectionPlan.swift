import Actors

/// What is looked for in the bodies of a provider: all paths of its scheme in one list, and what
/// each place of the list means. One object for all answers of a provider.
final class InspectionPlan: Sendable {
    let paths: JSONPathScanner.Paths
    let stream: StreamScheme?
    let typeIndex: Int
    fileprivate let requestID: Int?
    fileprivate let errorCodes: Range<Int>
    fileprivate let errorMessages: Range<Int>
    fileprivate let units: [(name: String, places: Range<Int>)]

    init(_ scheme: AnswerScheme) {
        var paths: [JSONPath] = []
        func add(_ more: [JSONPath]) -> Range<Int> {
            let start = paths.count
            paths += more
            return start..<paths.count
        }
        let type = add([JSONPath("type")].compactMap { $0 })
        typeIndex = type.lowerBound
        requestID = scheme.requestIDPath.map { add([$0]).lowerBound }
        errorCodes = add(scheme.errorCodePaths)
        errorMessages = add(scheme.errorMessagePaths)
        units = scheme.units.map { ($0.name, add($0.paths)) }
        self.paths = JSONPathScanner.Paths(paths)
        stream = scheme.stream
    }
}

/// What was found in a body.
struct InspectionFindings: Sendable, Equatable {
    var requestID: String?
    var errorCode: String?
    var errorMessage: String?
    /// Empty when there were none.
    var units: [UsageUnit] = []
    /// Nil for a body that is no stream, or one of no scheme.
    var isStreamDone: Bool?
    var hasStreamFailed = false

    init() {}

    init(message: String) { errorMessage = message.isEmpty ? nil : message }

    init(
        _ plan: InspectionPlan, _ found: [JSONPathScanner.Value?], isStreamDone: Bool?,
        hasStreamFailed: Bool
    ) {
        requestID = plan.requestID.flatMap { Self.text(found[$0]) }
        errorCode = plan.errorCodes.lazy.compactMap { Self.text(found[$0]) }.first
        errorMessage = plan.errorMessages.lazy.compactMap { Self.text(found[$0]) }.first
        for (name, places) in plan.units {
            // The last path that has a value: Anthropic's final count stands in another place
            // than its first.
            for place in places.reversed() {
                guard case .integer(let amount)? = found[place] else { continue }
                units.append(UsageUnit(name: name, amount: amount))
                break
            }
        }
        self.isStreamDone = isStreamDone
        self.hasStreamFailed = hasStreamFailed
    }

    private static func text(_ value: JSONPathScanner.Value?) -> String? {
        switch value {
        case .text(let text): text
        case .integer(let number): String(number)
        case .null, .other, nil: nil
        }
    }
}
