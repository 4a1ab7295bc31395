import Actors
import Persistence
import Testing

@Suite struct AccountStateTests {
    @Test("replaying the log gives the live state", arguments: 0..<40)
    func replay(seed: UInt64) throws {
        var model = AccountModel(seed: seed)
        for _ in 0..<250 { try model.step() }
        #expect(model.records.count > 100)

        var recovered = RecoveredAccounts()
        try replay(model.records, into: &recovered)
        #expect(recovered.state == model.state)
    }

    @Test("a snapshot in the middle and the log after it give the live state", arguments: 0..<10)
    func snapshot(seed: UInt64) throws {
        var model = AccountModel(seed: seed)
        for _ in 0..<120 { try model.step() }
        var recovered = RecoveredAccounts()
        try restore(model.state, into: &recovered)
        #expect(recovered.state == model.state)

        for _ in 0..<120 { try model.step() }
        // The log is replayed from its beginning: what the snapshot has is skipped.
        try replay(model.records, into: &recovered)
        #expect(recovered.state == model.state)
    }

    @Test("every index agrees with the users it points to", arguments: 0..<20)
    func indexes(seed: UInt64) throws {
        var model = AccountModel(seed: seed)
        for _ in 0..<300 { try model.step() }
        let state = model.state
        #expect(state.userOrder.count == state.users.count)
        #expect(
            state.enabledAdminCount
                == state.users.values.count { $0.role == .admin && !$0.isDisabled })
        for user in state.users.values {
            #expect(state.userByEmail[user.email] == user.id)
            #expect(user.sessions.allSatisfy { state.sessions[$0]?.user == user.id })
            #expect(user.sessions.count <= model.policy.sessionsPerAccountMax)
            #expect(user.tempTokens.count <= model.policy.tempTokensPerAccountMax)
            for token in user.tempTokens { #expect(state.userByTempToken[token.digest] == user.id) }
        }
        #expect(state.sessions.count == state.users.values.map(\.sessions.count).reduce(0, +))
    }

    @Test("truncated or padded facts are refused, never misread")
    func hostileBytes() throws {
        var model = AccountModel(seed: 7)
        for _ in 0..<200 { try model.step() }
        for record in model.records {
            var reader = ByteReader(record)
            let stored = try RecordBatch.next(from: &reader)
            var body = stored.reader
            let bytes = try body.readRaw(body.remaining)
            for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 7)) {
                var short = ByteReader(Array(bytes.prefix(length)))
                let event = try? AccountEvent(
                    kind: stored.kind, version: stored.version, from: &short)
                #expect(event == nil)
            }
        }
        var empty = ByteReader([])
        #expect(throws: DecodingFault.unknownKind(99, version: 1)) {
            try AccountEvent(kind: 99, version: 1, from: &empty)
        }
    }

    private func replay(_ records: [[UInt8]], into recovered: inout RecoveredAccounts) throws {
        for (index, record) in records.enumerated() {
            var reader = ByteReader(record)
            try recovered.replay(
                try RecordBatch.next(from: &reader), record: UInt64(index + 1))
        }
    }

    private func restore(
        _ state: AccountState, into recovered: inout RecoveredAccounts
    ) throws {
        var marks = ByteWriter()
        marks.write(state.sessionsEndedAt)
        try recovered.restore(
            .accountMarks, chunk: marks.bytes, appliedRecord: state.appliedRecord)
        let users = ChunkSource(state.userOrder) { writer, id in
            if let user = state.users[id] { writer.write(user) }
        }
        while let chunk = users.next() {
            try recovered.restore(.users, chunk: chunk, appliedRecord: state.appliedRecord)
        }
        let order = state.userOrder.flatMap { state.users[$0]?.sessions ?? [] }
        let sessions = ChunkSource(order) { writer, digest in
            if let session = state.sessions[digest] { writer.write(session) }
        }
        while let chunk = sessions.next() {
            try recovered.restore(.sessions, chunk: chunk, appliedRecord: state.appliedRecord)
        }
    }
}
