import NIOCore

/// Reads an answer's body while it passes, for what the event needs to know of it: units, error
/// codes, the provider's id, and whether a stream came to its own end.
struct AnswerInspector {
    /// What the head says about the body.
    struct Kind: Equatable {
        var isEventStream = false
        var isJSON = false
        var encoding = Encoding.identity
    }

    enum Encoding: Equatable {
        case identity
        case zlib
        /// Nothing in it can be read.
        case unknown
    }

    private let plan: InspectionPlan
    private let inflater: Inflater?
    // One of these is there; mutated in place, so that a piece costs no copy.
    private var json: JSONPathScanner?
    private var events: EventStreamScanner?
    private var text: [UInt8]?

    /// Of a failure that is told in words only.
    private static let textBytesMax = 512

    /// Nil when there is nothing in such a body that anybody wants to know.
    ///
    /// - Parameter isFailure: by its status.
    init?(_ plan: InspectionPlan, _ kind: Kind, isFailure: Bool) {
        if kind.isEventStream, let stream = plan.stream {
            events = EventStreamScanner(stream, paths: plan.paths, typeIndex: plan.typeIndex)
        } else if kind.isJSON {
            json = JSONPathScanner(plan.paths)
        } else if isFailure {
            text = []
        } else {
            return nil
        }
        self.plan = plan
        switch kind.encoding {
        case .identity: inflater = nil
        case .zlib:
            guard let made = Inflater() else { return nil }
            inflater = made
        case .unknown: return nil
        }
    }

    mutating func feed(_ bytes: Span<UInt8>, in range: Range<Int>) {
        guard let inflater else { return read(bytes, range) }
        inflater.feed(bytes, in: range) { piece in read(piece, 0..<piece.count) }
    }

    private mutating func read(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        json?.feed(bytes, in: range)
        events?.feed(bytes, in: range)
        guard let count = text?.count, count < Self.textBytesMax else { return }
        for index in range.prefix(Self.textBytesMax - count) { text?.append(bytes[index]) }
    }

    var findings: InspectionFindings {
        if let events {
            InspectionFindings(
                plan, events.values.found, isStreamDone: events.isDone,
                hasStreamFailed: events.hasFailed)
        } else if let json {
            InspectionFindings(plan, json.found, isStreamDone: nil, hasStreamFailed: false)
        } else {
            InspectionFindings(message: String(decoding: text ?? [], as: UTF8.self))
        }
    }
}
