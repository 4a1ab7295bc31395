import Actors
import Foundation
import NATS
import Persistence
import Replication
import Testing

@testable import App

@Suite("What the doctor says of a cluster")
struct ClusterDiagnosisTests {
    private typealias Topic = ClusterDiagnosis.Topic

    private static func server(
        version: String = "2.15.1", payload: Int = 1 << 20
    ) -> ServerInfo {
        var info = ServerInfo(version: version)
        info.serverName = "n0"
        info.maxPayload = payload
        info.jetStream = true
        return info
    }

    private static func info(
        _ configuration: StreamConfiguration, behind: String? = nil, away: String? = nil,
        bytes: UInt64 = 100
    ) throws -> StreamInfo {
        let peers = ["n1", "n2"].map { name in
            "{\"name\":\"\(name)\",\"current\":\(name != behind),\"offline\":\(name == away)}"
        }
        let config = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
        let text = """
            {"config":\(config),"state":{"messages":1,"bytes":\(bytes),"first_seq":1,"last_seq":1},
            "cluster":{"leader":"n0","replicas":[\(peers.joined(separator: ","))]}}
            """
        return try JSONDecoder().decode(StreamInfo.self, from: Data(text.utf8))
    }

    /// A cluster without a fault.
    private static func facts() throws -> ClusterFacts {
        var facts = ClusterFacts(replicas: 3, name: "countersign")
        facts.engines = ["a:4222", "b:4222", "c:4222"].map {
            .init(address: $0, answer: .success(server()))
        }
        facts.metadata = .found(name: "countersign", key: .opens)
        facts.streams = try StreamNames(ShardID(0)).configurations(replicas: 3).map {
            .init(wanted: $0, answer: .success(try info($0)))
        }
        facts.monitors = [
            .init(url: "http://a:8222", answer: .success(.init(server: "a", syncsAlways: true)))
        ]
        return facts
    }

    private static func diagnose(_ change: (inout ClusterFacts) throws -> Void) throws -> Diagnosis
    {
        var facts = try facts()
        try change(&facts)
        return ClusterDiagnosis(facts, after: Diagnosis()).diagnosis
    }

    private static func notes(_ diagnosis: Diagnosis) -> [Diagnosis.Finding] {
        diagnosis.findings.filter { $0.level != .ok }
    }

    @Test("a cluster without a fault has none")
    func healthy() throws {
        let diagnosis = try Self.diagnose { _ in }
        #expect(Self.notes(diagnosis).isEmpty)
        #expect(diagnosis.status == .success)
        let topics = Set(diagnosis.findings.map(\.topic))
        #expect(topics.isSuperset(of: [Topic.engine, Topic.streams, Topic.copies, Topic.sync]))
    }

    @Test("a cluster whose data was moved away has a server elsewhere")
    func movedAway() throws {
        let diagnosis = try Self.diagnose {
            $0.metadata = .movedAway(
                name: "countersign", at: Timestamp(milliseconds: 1_795_500_000_000))
        }
        #expect(diagnosis.status == .configuration)
        #expect(Self.notes(diagnosis).map(\.level) == [.problem])
        #expect(Self.notes(diagnosis).allSatisfy { $0.text.contains("into a directory at 2026-") })
    }

    @Test("one server that is away is a note; all of them are a problem, and nothing else is said")
    func away() throws {
        let one = try Self.diagnose {
            $0.engines[1] = .init(address: "b:4222", answer: .failure(.timeout))
        }
        #expect(Self.notes(one).map(\.level) == [.note])
        #expect(one.findings.contains { $0.text.contains("b:4222 does not answer") })
        let all = try Self.diagnose { facts in
            facts.engines = facts.engines.map {
                .init(address: $0.address, answer: .failure(.connectionLost("refused")))
            }
        }
        #expect(all.status == .unavailable)
        #expect(Set(all.findings.map(\.topic)) == [Topic.engine])
    }

    @Test("an engine that is too old or takes too little is a problem even if others are well")
    func unfit() throws {
        let old = NATSError.serverTooOld(found: "2.9.10", minimum: .minimum)
        let tooOld = try Self.diagnose {
            $0.engines[2] = .init(address: "c:4222", answer: .failure(old))
        }
        #expect(tooOld.status == .unavailable)
        #expect(Self.notes(tooOld).first?.fix?.contains("2.14.4") == true)
        let small = try Self.diagnose {
            $0.engines[0] = .init(
                address: "a:4222", answer: .success(Self.server(payload: 64 << 10)))
        }
        #expect(small.status == .unavailable)
        #expect(Self.notes(small).first?.fix?.contains("512 KiB") == true)
    }

    @Test("streams that are kept otherwise are named with what is different")
    func settings() throws {
        let diagnosis = try Self.diagnose { facts in
            var config = facts.streams[0].wanted
            config.replicas = 1
            config.discard = "old"
            facts.streams[0] = .init(
                wanted: facts.streams[0].wanted, answer: .success(try Self.info(config)))
        }
        #expect(diagnosis.status == .unavailable)
        let found = try #require(Self.notes(diagnosis).first)
        #expect(found.text.contains("EV_0") && found.text.contains("num_replicas is 1"))
        #expect(found.text.contains("discard is old"))
    }

    @Test("streams that are not there are made by a start, or were lost")
    func missing() throws {
        let absent = JetStreamError.api(
            APIError(code: 404, errorCode: APIErrorCode.streamNotFound, text: "stream not found"))
        let fresh = try Self.diagnose { facts in
            facts.metadata = .none
            facts.streams = facts.streams.map { .init(wanted: $0.wanted, answer: .failure(absent)) }
        }
        #expect(fresh.status == .success)
        #expect(fresh.findings.contains { $0.text.contains("made by the next start") })
        let lost = try Self.diagnose { facts in
            facts.streams[1] = .init(wanted: facts.streams[1].wanted, answer: .failure(absent))
        }
        #expect(Self.notes(lost).first?.text == "missing: SNAP_0")
    }

    @Test("copies that are behind or away are named with their streams")
    func copies() throws {
        let diagnosis = try Self.diagnose { facts in
            facts.streams = try facts.streams.map {
                .init(
                    wanted: $0.wanted,
                    answer: .success(try Self.info($0.wanted, behind: "n2", away: "n1")))
            }
        }
        let found = Self.notes(diagnosis).filter { $0.topic == Topic.copies }
        #expect(
            found.map(\.text) == [
                "n1 is away for 2 streams: EV_0, SNAP_0",
                "n2 is behind for 2 streams: EV_0, SNAP_0",
            ])
        #expect(diagnosis.status == .success)
    }

    @Test("a stream that is nearly full is said before it refuses anything")
    func full() throws {
        let diagnosis = try Self.diagnose { facts in
            var config = facts.streams[0].wanted
            config.maxBytes = 1000
            facts.streams[0] = .init(
                wanted: facts.streams[0].wanted,
                answer: .success(try Self.info(config, bytes: 950)))
        }
        #expect(Self.notes(diagnosis).first?.text.contains("950 of its 1000 bytes") == true)
    }

    @Test("writes that are not synced are said, and that it is not known as well")
    func sync() throws {
        let unsynced = try Self.diagnose {
            $0.monitors = [
                .init(
                    url: "http://a:8222", answer: .success(.init(server: "a", syncsAlways: false)))
            ]
        }
        #expect(Self.notes(unsynced).first?.fix?.contains("sync_interval: always") == true)
        let unknown = try Self.diagnose { $0.monitors = [] }
        #expect(Self.notes(unknown).first?.fix?.contains("--monitor") == true)
    }

    @Test("another installation's engine, and a key that opens nothing, are problems")
    func strangers() throws {
        let other = try Self.diagnose { $0.metadata = .found(name: "other", key: .opens) }
        #expect(other.status == .configuration)
        let locked = try Self.diagnose {
            $0.metadata = .found(name: "countersign", key: .doesNot("wrapped by another key"))
        }
        #expect(locked.status == .configuration)
    }

    @Test("the endpoint's answer is read as NATS 2.15 gives it, with and without always")
    func monitor() throws {
        let synced = """
            {"memory":0,"config":{"max_memory":1,"sync_interval":120000000000,"sync_always":true}}
            """
        #expect(try MonitorClient.read(Array(synced.utf8), "u").syncsAlways)
        let unsynced = "{\"config\":{\"sync_interval\":120000000000}}"
        #expect(try !MonitorClient.read(Array(unsynced.utf8), "u").syncsAlways)
        #expect(throws: ClusterFacts.MonitorFailure.self) {
            try MonitorClient.read(Array("<html>".utf8), "u")
        }
    }

    @Test(
        "addresses of endpoints",
        arguments: [
            ("http://nats-1.internal:8222", "nats-1.internal", 8222),
            ("http://127.0.0.1:8300/", "127.0.0.1", 8300), ("http://nats-1", "nats-1", 8222),
            ("http://[::1]:8222", "::1", 8222),
        ])
    func addresses(url: String, host: String, port: Int) throws {
        let found = try #require(MonitorClient.address(url))
        #expect(found.host == host && found.port == port)
    }

    @Test("what is no address", arguments: ["nats-1:8222", "https://a:8222", "", "http://", "x"])
    func noAddress(url: String) { #expect(MonitorClient.address(url) == nil) }
}
