import Actors
import Foundation
import TestSupport
import Testing

/// The bytes of the wrapped keys are frozen. The golden files were made by another program (Node's
/// crypto module, from docs/formats/keys.md), with fixed keys and nonces.
@Suite("The format of wrapped data keys")
struct WrappedKeysFormatTests {
    private struct Sample {
        let master: MasterKey
        let wrapped: [UInt8]
        let fingerprint: String

        init(version: Int) throws {
            let file = Golden.folder.appending(path: "data-keys-v\(version).txt")
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            let values = text.split(separator: "\n").map { String($0.split(separator: " ")[1]) }
            master = try MasterKey(text: values[0])
            wrapped = try #require(Hex.decode(values[1]))
            fingerprint = values[2]
        }
    }

    private func fingerprint(_ keyring: DataKeyring) -> String {
        Hex.encode(keyring.fingerprint("phone number", "+14155550100".utf8))
    }

    @Test("every version opens, and its fingerprints are the same for ever", arguments: [1, 2])
    func opens(version: Int) throws {
        let golden = try Sample(version: version)
        #expect(golden.wrapped[0] == UInt8(version))
        let (keyring, needsRewrap) = try WrappedDataKeys.unwrap(
            golden.wrapped, with: golden.master, previous: [])
        #expect(!needsRewrap)
        #expect(keyring.keyIDs == [1, 2])
        #expect(fingerprint(keyring) == golden.fingerprint)
    }

    @Test("fingerprints survive a rotation, the loss of the oldest key, and the newer format")
    func fingerprintsSurvive() throws {
        let random = SeededRandom(seed: 4)
        let golden = try Sample(version: 1)
        let old = try WrappedDataKeys.unwrap(
            golden.wrapped, with: golden.master, previous: []
        ).keyring
        let rotated = old.rotated(random: random).droppingOlderKeys()
        let wrapped = WrappedDataKeys.wrap(rotated, with: golden.master, random: random)
        #expect(wrapped[0] == 2)
        let again = try WrappedDataKeys.unwrap(wrapped, with: golden.master, previous: []).keyring
        #expect(again.keyIDs == [3])
        #expect(fingerprint(again) == golden.fingerprint)
    }

    @Test("a later version is refused by saying so")
    func laterVersion() throws {
        let golden = try Sample(version: 2)
        var wrapped = golden.wrapped
        wrapped[0] = 3
        do throws(KeyRejection) {
            _ = try WrappedDataKeys.unwrap(wrapped, with: golden.master, previous: [])
            Issue.record("it was accepted")
        } catch {
            #expect("\(error)".contains("version 3"))
        }
    }
}
