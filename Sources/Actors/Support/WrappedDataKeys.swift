import Crypto
import Persistence

/// The data keys as they lie in the data directory: each wrapped by a master key with AES-256-GCM.
///
/// Layout: version (1 byte), count (varint), then for each key its id (4, little endian), the id of
/// the wrapping master key (8), nonce (12), wrapped key (32), tag (16). The ids are associated
/// data.
package enum WrappedDataKeys {
    private static let version: UInt8 = 1
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
            // The pointer lives as long as the closure, which copies what it points to.
            let plaintext = unsafe key.key.value.withUnsafeBytes { unsafe Array($0) }
            let box = DataKeyring.encrypt(
                plaintext, using: master.key.value,
                authenticating: associatedData(key: key.id, master: master.id), random: random)
            writer.write(key.id)
            writer.writeRaw(master.id)
            writer.writeRaw(box.nonce)
            writer.writeRaw(box.ciphertext)
            writer.writeRaw(box.tag)
        }
        return writer.bytes
    }

    /// Opens the stored keys with whichever of the given master keys wrapped each.
    ///
    /// - Parameter previous: older master keys, tried only for keys that `current` did not wrap.
    /// - Returns: the keyring, and whether a key was wrapped by an older master key, so that the
    ///   caller must wrap and store them again before serving.
    package static func unwrap(
        _ bytes: [UInt8], with current: MasterKey, previous: [MasterKey]
    ) throws(KeyRejection) -> (keyring: DataKeyring, needsRewrap: Bool) {
        let wrapped: [Entry]
        do {
            wrapped = try decode(bytes)
        } catch {
            throw .damagedDataKeys(reason: "\(error)")
        }
        var keys: [DataKey] = []
        var needsRewrap = false
        for entry in wrapped {
            guard let master = ([current] + previous).first(where: { $0.id == entry.masterID })
            else { throw .otherMasterKey(wrappedBy: entry.masterID) }
            keys.append(try open(entry, with: master))
            needsRewrap = needsRewrap || master.id != current.id
        }
        guard Set(keys.map(\.id)).count == keys.count, !keys.isEmpty else {
            throw .damagedDataKeys(reason: "key ids are missing or repeated")
        }
        return (DataKeyring(keys: keys), needsRewrap)
    }

    private struct Entry {
        let id: UInt32
        let masterID: [UInt8]
        let combined: [UInt8]
    }

    private static func decode(_ bytes: [UInt8]) throws(DecodingFault) -> [Entry] {
        var reader = ByteReader(bytes)
        let found = try reader.read(UInt8.self)
        guard found == version else { throw .invalidValue("data keys of version \(found)") }
        let entries = try reader.readArray { reader throws(DecodingFault) in
            Entry(
                id: try reader.read(UInt32.self),
                masterID: try reader.readRaw(MasterKey.idByteCount),
                combined: try reader.readRaw(
                    SealedSecret.nonceByteCount + MasterKey.byteCount + SealedSecret.tagByteCount))
        }
        guard reader.isAtEnd, entries.count <= keysMax else {
            throw .invalidValue("\(entries.count) data keys, \(reader.remaining) bytes after them")
        }
        return entries
    }

    private static func open(_ entry: Entry, with master: MasterKey) throws(KeyRejection) -> DataKey
    {
        let data = associatedData(key: entry.id, master: master.id)
        do {
            let box = try AES.GCM.SealedBox(combined: entry.combined)
            let key = try AES.GCM.open(box, using: master.key.value, authenticating: data)
            return DataKey(id: entry.id, key: SymmetricKey(data: key))
        } catch {
            throw .damagedDataKeys(reason: "data key \(entry.id) does not authenticate")
        }
    }

    private static func associatedData(key: UInt32, master: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.writeRaw("countersign data key".utf8)
        writer.write(version)
        writer.write(key)
        writer.writeRaw(master)
        return writer.bytes
    }
}
