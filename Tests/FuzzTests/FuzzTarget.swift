/// A reader of bytes that others have chosen, and what has to hold whatever they are: it answers or
/// refuses, never traps, and what it answers keeps its promises.
///
/// `make fuzz` runs each with coverage for guidance; the tests run each over its corpus and over
/// seeded changes of it.
enum FuzzTarget: String, CaseIterable {
    // The disk.
    case frames, headers, snapshots, manifest, records
    // Requests.
    case cookie, secret, reports, json, query, email, timestamp
    // Files of the operator.
    case catalog, settings
    // Answers of providers.
    case answer, chunks, events, paths
    // Other servers of a cluster.
    case calls, peers

    func run(_ bytes: [UInt8]) {
        switch self {
        case .frames: FuzzDisk.frames(bytes)
        case .headers: FuzzDisk.headers(bytes)
        case .snapshots: FuzzDisk.snapshots(bytes)
        case .manifest: FuzzDisk.manifest(bytes)
        case .records: FuzzRecords.records(bytes)
        case .cookie: FuzzRequests.cookie(bytes)
        case .secret: FuzzRequests.secret(bytes)
        case .reports: FuzzRequests.reports(bytes)
        case .json: FuzzJSON.json(bytes)
        case .query: FuzzRequests.query(bytes)
        case .email: FuzzRequests.email(bytes)
        case .timestamp: FuzzRequests.timestamp(bytes)
        case .catalog: FuzzFiles.catalog(bytes)
        case .settings: FuzzFiles.settings(bytes)
        case .answer: FuzzAnswers.answer(bytes)
        case .chunks: FuzzAnswers.chunks(bytes)
        case .events: FuzzAnswers.events(bytes)
        case .paths: FuzzAnswers.paths(bytes)
        case .calls: FuzzPeers.calls(bytes)
        case .peers: FuzzPeers.announcements(bytes)
        }
    }
}

/// Ends the process, as a trap does, so that both kinds of running it take notice.
func require(_ isRight: Bool, _ promise: String) {
    guard isRight else { fatalError("broken promise: \(promise)") }
}
