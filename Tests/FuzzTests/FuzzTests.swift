import Foundation
import TestSupport
import Testing

/// Every fuzz target over its corpus and over changes of it, without the fuzzer: what it has found
/// once stays found, and a target that is broken is noticed.
@Suite("Fuzz targets")
struct FuzzTests {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "corpus")
    private static let changesPerInput = 60

    @Test(
        "every input of the corpus, and changes of it, keep the promises",
        arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let inputs = try Self.inputs(of: target)
        #expect(!inputs.isEmpty, "\(target) has no corpus")
        let random = SeededRandom(seed: 1)
        for input in inputs + [[]] {
            target.run(input)
            for _ in 0..<Self.changesPerInput {
                target.run(Self.changed(input, with: inputs, random))
            }
        }
    }

    private static func inputs(of target: FuzzTarget) throws -> [[UInt8]] {
        let folder = corpus.appending(path: target.rawValue)
        return try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil
        )
        .sorted { $0.path < $1.path }
        .map { Array(try Data(contentsOf: $0)) }
    }

    /// One to four changes of the kinds that fuzzers make.
    private static func changed(
        _ input: [UInt8], with others: [[UInt8]], _ random: SeededRandom
    ) -> [UInt8] {
        var bytes = input
        for _ in 0..<1 + random.below(4) {
            let place = random.below(bytes.count + 1)
            switch random.below(6) {
            case 0: bytes.insert(UInt8(random.below(256)), at: place)
            case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8(random.below(8))
            case 2 where place < bytes.count:
                bytes[place] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)]
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + random.below(9)))
            case 4:
                let other = others[random.below(others.count)]
                let start = random.below(other.count + 1)
                bytes.replaceSubrange(place..<bytes.count, with: other[start...])
            default:
                let end = min(bytes.count, place + random.below(17))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }
}
