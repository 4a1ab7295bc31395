import Crypto
import Persistence

/// The data keys as they lie in the data directory: each wrapped by a master key with AES-256-GCM.
///
/// docs/formats/keys.md has the layout byte by byte. Version 1 had no fingerprint key: the oldest
/// data key was in its place.
package enum WrappedDataKeys {
    private static let version: UInt8 = 2
    /// The id in the associated data of the fingerprint key; data keys count from 1.
    private static let fingerprintID: UInt32 = 0
    /// Two are alive during a rotation; more means damage.
    private static let keysMax = 16

    /// Wraps every key of the ring with `master` and with nothing else: whoever holds only an older
    /// master key cannot open the result.
    package static func wrap(
        _ keyring: DataKeyring, with master: MasterKey, random: some RandomSource
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(version)
        writer.writeArray(keyring.all) { writer, key in
            writer.write(key.id)
            write(key.key, id: key.id, with: master, random, to: &writer)
        }
        write(keyring.fingerprintKey, id: fingerprintID, with: master, random, to: &writer)
        return writer.bytes
    }

    private static func write(
        _ key: Redacted<SymmetricKey>, id: UInt32, with master: MasterKey,
        _ random: some RandomSource, to writer: inout ByteWriter
    ) {
        // The pointer lives as long as the closure, which copies what it points to.
        let plaintext = unsafe key.value.withUnsafeBytes { unsafe Array($0) }
        let box = DataKeyring.encrypt(
            plaintext, using: master.key.value,
            authenticating: associatedData(version, key: id, master: master.id), random: random)
        writer.writeRaw(master.id)
        writer.writeRaw(box.nonce)
        writer.writeRaw(box.ciphertext)
        writer.writeRaw(box.tag)
    }

    /// Opens the stored keys with whichever of the given master keys wrapped each.
    ///
    /// - Parameter previous: older master keys, tried only for keys that `current` did not wrap.
    /// - Returns: the keyring, and whether a key was wrapped by an older master key, so that the
    ///   caller must wrap and store them again before serving.
    package static func unwrap(
        _ bytes: [UInt8], with current: MasterKey, previous: [MasterKey]
    ) throws(KeyRejection) -> (keyring: DataKeyring, needsRewrap: Bool) {
        let wrapped: Wrapped
        do {
            wrapped = try decode(bytes)
        } catch {
            throw .damagedDataKeys(reason: "\(error)")
        }
        var keys: [DataKey] = []
        var needsRewrap = false
        for entry in wrapped.keys {
            let master = try master(of: entry, current, previous)
            keys.append(
                DataKey(id: entry.id, key: try open(entry, wrapped.version, with: master)))
            needsRewrap = needsRewrap || master.id != current.id
        }
        var fingerprintKey: Redacted<SymmetricKey>?
        if let entry = wrapped.fingerprintKey {
            let master = try master(of: entry, current, previous)
            fingerprintKey = Redacted(try open(entry, wrapped.version, with: master))
            needsRewrap = needsRewrap || master.id != current.id
        }
        guard Set(keys.map(\.id)).count == keys.count, !keys.isEmpty else {
            throw .damagedDataKeys(reason: "key ids are missing or repeated")
        }
        return (DataKeyring(keys: keys, fingerprintKey: fingerprintKey), needsRewrap)
    }

    private static func master(
        of entry: Entry, _ current: MasterKey, _ previous: [MasterKey]
    ) throws(KeyRejection) -> MasterKey {
        guard let master = ([current] + previous).first(where: { $0.id == entry.masterID })
        else { throw .otherMasterKey(wrappedBy: entry.masterID) }
        return master
    }

    private struct Wrapped {
        let version: UInt8
        let keys: [Entry]
        /// Nil in version 1.
        let fingerprintKey: Entry?
    }

    private struct Entry {
        let id: UInt32
        let masterID: [UInt8]
        let combined: [UInt8]
    }

    private static func decode(_ bytes: [UInt8]) throws(DecodingFault) -> Wrapped {
        var reader = ByteReader(bytes)
        let found = try reader.read(UInt8.self)
        guard (1...version).contains(found) else {
            throw .invalidValue("data keys of version \(found)")
        }
        let entries = try reader.array { reader throws(DecodingFault) in
            try readEntry(&reader, id: try reader.read(UInt32.self))
        }
        let fingerprintKey = found == 1 ? nil : try readEntry(&reader, id: fingerprintID)
        guard reader.isAtEnd, entries.count <= keysMax else {
            throw .invalidValue("\(entries.count) data keys, \(reader.remaining) bytes after them")
        }
        return Wrapped(version: found, keys: entries, fingerprintKey: fingerprintKey)
    }

    private static func readEntry(
        _ reader: inout ByteReader, id: UInt32
    ) throws(DecodingFault) -> Entry {
        Entry(
            id: id, masterID: try reader.readRaw(MasterKey.idByteCount),
            combined: try reader.readRaw(
                SealedSecret.nonceByteCount + MasterKey.byteCount + SealedSecret.tagByteCount))
    }

    private static func open(
        _ entry: Entry, _ version: UInt8, with master: MasterKey
    ) throws(KeyRejection) -> SymmetricKey {
        let data = associatedData(version, key: entry.id, master: master.id)
        do {
            let box = try AES.GCM.SealedBox(combined: entry.combined)
            return SymmetricKey(
                data: try AES.GCM.open(box, using: master.key.value, authenticating: data))
        } catch {
            throw .damagedDataKeys(reason: "data key \(entry.id) does not authenticate")
        }
    }

    private static func associatedData(_ version: UInt8, key: UInt32, master: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.writeRaw("countersign data key".utf8)
        writer.write(version)
        writer.write(key)
        writer.writeRaw(master)
        return writer.bytes
    }
}
