import Actors
import ArgumentParser
import Foundation
import Persistence

struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the records of the log, or the state at a past moment and why it was so.",
        discussion: """
            --list shows the newest records, or with --at those around a time. Without it, --at \
            replays up to a record (its number in a shard) or a time and shows the account as it \
            was: with --user, what stood against signing in at that moment. Nothing secret is \
            shown, no key is needed, and a running server is not held up.
            """)

    @OptionGroup var data: DataOptions
    @Flag(help: "List records instead of showing a state.")
    var list = false
    @Option(help: "A record's number in its shard, or a time such as 2026-11-25T12:03:00Z.")
    var at: String?
    @Option(help: "The shard of the record.")
    var shard: UInt16?
    @Option(help: "The account, by its address.")
    var user: String?
    @Option(help: "How many records to list before and after the time.")
    var limit = 25
    @Flag(help: "Answer in JSON.")
    var json = false

    /// A screenful is what people read; scripts may want a day.
    private static let limitMax = 100_000

    private enum Moment {
        case record(UInt64)
        case time(UInt64)
    }

    private func moment() throws -> Moment? {
        guard let at else { return nil }
        if let record = UInt64(at) { return .record(record) }
        guard let time = Timestamp(rfc3339: at.utf8), time.milliseconds >= 0 else {
            throw ValidationError("--at takes a record's number or a time (RFC 3339).")
        }
        return .time(UInt64(time.milliseconds))
    }

    func validate() throws {
        guard (1...Self.limitMax).contains(limit) else {
            throw ValidationError("--limit is from 1 to \(Self.limitMax).")
        }
        guard let moment = try moment() else {
            guard list else { throw ValidationError("Give --at, or --list.") }
            return
        }
        if list, case .record = moment { throw ValidationError("--list goes with a time.") }
        if !list, shard == nil, user == nil { throw ValidationError("Give --user or --shard.") }
    }

    func run() async throws {
        let opened = try await DataReader.open(try data.directory(), fresh: false)
        let output = try await BackgroundThread.run {
            let inspector = Inspector(log: opened.log)
            return list ? try listed(inspector) : try shown(inspector)
        }
        print(output)
    }

    private func email() throws -> EmailAddress? {
        guard let user else { return nil }
        do {
            return try EmailAddress(user)
        } catch {
            throw OperatorRefusal(text: "\(user) is no email address.")
        }
    }

    // MARK: Records

    private struct Row: Encodable {
        let shard: UInt16
        let record: UInt64
        let at: String
        let kind: String
        let user: String?
        let detail: String
    }

    private func listed(_ inspector: Inspector) throws -> String {
        let names = try inspector.names()
        var wanted: UserID?
        if let email = try email() {
            wanted = names.first { $0.value == email.normalised }?.key
            guard wanted != nil else {
                throw OperatorRefusal(text: "There is no user \(email.normalised).")
            }
        }
        var time: UInt64?
        if case .time(let given)? = try moment() { time = given }
        let entries = try inspector.entries(around: time, limit: limit) { entry in
            (wanted == nil || entry.story.user == wanted)
                && (shard == nil || entry.position.shard.rawValue == shard)
        }
        let rows = entries.map { entry in
            Row(
                shard: entry.position.shard.rawValue, record: entry.position.record,
                at: WrittenAt.text(entry.writtenAt), kind: RecordKindName.of(entry.kind),
                user: entry.story.user.map { names[$0] ?? $0.description },
                detail: entry.story.detail)
        }
        if json { return OperatorReply.done(rows, "").json }
        return TextTable(
            ["SHARD", "RECORD", "WRITTEN", "KIND", "WHO", "WHAT"],
            rows.map { ["\($0.shard)", "\($0.record)", $0.at, $0.kind, $0.user ?? "", $0.detail] }
        ).text
    }

    // MARK: State

    private struct Answer: Encodable {
        let shard: UInt16
        let record: UInt64
        let written_at: String?
        let kind: String?
        let detail: String?
        let users: Int
        let sessions: Int
        let account: AccountMoment.JSON?
    }

    private func shown(_ inspector: Inspector) throws -> String {
        let email = try email()
        let place =
            email?.shard(of: inspector.log.shardCount) ?? shard.map { ShardID($0) } ?? ShardID(0)
        let record: UInt64
        var asked: UInt64?
        switch try moment() {
        case .record(let number)?: record = number
        case .time(let time)?:
            asked = time
            record = try inspector.record(of: place, at: time) ?? 0
        case nil: record = inspector.log.records[place, default: 0]
        }
        let moment = try inspector.accounts(of: place, at: record)
        let time = asked ?? moment.writtenAt ?? 0
        var account: AccountMoment?
        if let email {
            guard let user = moment.accounts.user(email: email) else {
                throw OperatorRefusal(
                    text: "\(email.normalised) did not exist after record \(record) of shard "
                        + "\(place).")
            }
            account = AccountMoment(user: user, at: Timestamp(milliseconds: Int64(clamping: time)))
        }
        let answer = Answer(
            shard: place.rawValue, record: record, written_at: moment.writtenAt.map(WrittenAt.text),
            kind: moment.last.map { RecordKindName.of($0.kind) },
            detail: moment.last?.story.detail, users: moment.accounts.users.count,
            sessions: moment.accounts.sessions.count, account: account?.json)
        if json { return OperatorReply.done(answer, "").json }
        let kind = answer.kind.map { ": \($0) (\(answer.detail ?? ""))" } ?? ""
        let head =
            "after record \(record) of shard \(place), written \(answer.written_at ?? "-")\(kind)\n"
            + "\(answer.users) accounts and \(answer.sessions) sessions in this shard"
        return [head, account.map { "\n" + $0.text }].compactMap(\.self).joined(separator: "\n")
    }
}

extension Inspector {
    /// The addresses of all accounts, as the newest snapshot and the log after it know them.
    fileprivate func names() throws -> [UserID: String] {
        let state = try RecoveredState.recover(
            shardCount: log.shardCount, snapshot: log.snapshots.last,
            usage: UsageState(
                integrations: [], ringEvents: UsageRing.capacityMin,
                dedupKeysMax: UsageRing.capacityMin),
            read: log.read)
        var names: [UserID: String] = [:]
        for shard in state.accounts {
            for id in shard.state.userOrder { names[id] = shard.state.users[id]?.email }
        }
        return names
    }
}
