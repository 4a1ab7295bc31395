/// How a stream is kept. Only what matters to a log: a field that JetStream adds later keeps its
/// default when a stream is made, and is not looked at when one is checked.
package struct StreamConfiguration: Codable, Equatable, Sendable {
    package var name: String
    package var subjects: [String]
    package var retention = "limits"
    package var discard = "new"
    package var storage = "file"
    package var replicas = 3
    package var maxMessages = -1
    package var maxMessagesPerSubject = -1
    package var maxBytes = -1
    /// Nanoseconds; 0 keeps messages forever.
    package var maxAge = 0
    package var maxMessageSize = -1
    /// Nanoseconds.
    package var duplicateWindow = 120_000_000_000
    package var denyDelete = true
    package var denyPurge = false
    package var allowRollup = false
    package var allowDirect = false
    package var sealed = false
    package var noAcknowledgement = false
    package var compression = "none"
    package var persistMode = "default"
    package var allowsMessageTTL = false

    private enum CodingKeys: String, CodingKey {
        case name, subjects, retention, discard, storage, sealed, compression
        case replicas = "num_replicas"
        case maxMessages = "max_msgs"
        case maxMessagesPerSubject = "max_msgs_per_subject"
        case maxBytes = "max_bytes"
        case maxAge = "max_age"
        case maxMessageSize = "max_msg_size"
        case duplicateWindow = "duplicate_window"
        case denyDelete = "deny_delete"
        case denyPurge = "deny_purge"
        case allowRollup = "allow_rollup_hdrs"
        case allowDirect = "allow_direct"
        case noAcknowledgement = "no_ack"
        case persistMode = "persist_mode"
        case allowsMessageTTL = "allow_msg_ttl"
    }

    package init(name: String, subjects: [String]) {
        self.name = name
        self.subjects = subjects
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys, _ absent: String) throws -> String {
            try container.decodeIfPresent(String.self, forKey: key) ?? absent
        }
        func number(_ key: CodingKeys, _ absent: Int) throws -> Int {
            try container.decodeIfPresent(Int.self, forKey: key) ?? absent
        }
        func flag(_ key: CodingKeys) throws -> Bool {
            try container.decodeIfPresent(Bool.self, forKey: key) ?? false
        }
        name = try text(.name, "")
        subjects = try container.decodeIfPresent([String].self, forKey: .subjects) ?? []
        retention = try text(.retention, "limits")
        discard = try text(.discard, "old")
        storage = try text(.storage, "file")
        replicas = try number(.replicas, 1)
        maxMessages = try number(.maxMessages, -1)
        maxMessagesPerSubject = try number(.maxMessagesPerSubject, -1)
        maxBytes = try number(.maxBytes, -1)
        maxAge = try number(.maxAge, 0)
        maxMessageSize = try number(.maxMessageSize, -1)
        duplicateWindow = try number(.duplicateWindow, 0)
        denyDelete = try flag(.denyDelete)
        denyPurge = try flag(.denyPurge)
        allowRollup = try flag(.allowRollup)
        allowDirect = try flag(.allowDirect)
        sealed = try flag(.sealed)
        noAcknowledgement = try flag(.noAcknowledgement)
        compression = try text(.compression, "none")
        persistMode = try text(.persistMode, "default")
        allowsMessageTTL = try flag(.allowsMessageTTL)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(subjects, forKey: .subjects)
        try container.encode(retention, forKey: .retention)
        try container.encode(discard, forKey: .discard)
        try container.encode(storage, forKey: .storage)
        try container.encode(replicas, forKey: .replicas)
        try container.encode(maxMessages, forKey: .maxMessages)
        try container.encode(maxMessagesPerSubject, forKey: .maxMessagesPerSubject)
        try container.encode(maxBytes, forKey: .maxBytes)
        try container.encode(maxAge, forKey: .maxAge)
        try container.encode(maxMessageSize, forKey: .maxMessageSize)
        try container.encode(duplicateWindow, forKey: .duplicateWindow)
        try container.encode(denyDelete, forKey: .denyDelete)
        try container.encode(denyPurge, forKey: .denyPurge)
        try container.encode(allowRollup, forKey: .allowRollup)
        try container.encode(allowDirect, forKey: .allowDirect)
        try container.encode(compression, forKey: .compression)
    }
}

extension StreamConfiguration {
    /// What of this configuration, as a server has it, is not as `wanted`, in words for a person;
    /// each can lose or change what was acknowledged. `maxBytes` is the operator's own choice.
    package func differences(from wanted: StreamConfiguration) -> [String] {
        var found: [String] = []
        func compare<Value: Equatable>(_ name: String, _ field: KeyPath<Self, Value>) {
            let (has, wants) = (self[keyPath: field], wanted[keyPath: field])
            if has != wants { found.append("\(name) is \(has) and must be \(wants)") }
        }
        compare("subjects", \.subjects)
        compare("num_replicas", \.replicas)
        compare("storage", \.storage)
        compare("retention", \.retention)
        compare("discard", \.discard)
        compare("max_age", \.maxAge)
        compare("max_msgs", \.maxMessages)
        compare("max_msgs_per_subject", \.maxMessagesPerSubject)
        compare("max_msg_size", \.maxMessageSize)
        compare("duplicate_window", \.duplicateWindow)
        compare("deny_delete", \.denyDelete)
        compare("deny_purge", \.denyPurge)
        compare("allow_rollup_hdrs", \.allowRollup)
        compare("allow_direct", \.allowDirect)
        compare("compression", \.compression)
        compare("sealed", \.sealed)
        compare("no_ack", \.noAcknowledgement)
        compare("persist_mode", \.persistMode)
        compare("allow_msg_ttl", \.allowsMessageTTL)
        return found
    }
}
