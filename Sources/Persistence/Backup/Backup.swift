/// A backup in one file, every byte of it read and found as it was written.
package struct Backup: Sendable {
    package let path: String
    package let bytes: UInt64
    /// Lines for people: when and of what it was made.
    package let about: String
    private let files: [String: FileSlice]

    static let about = "BACKUP"
    static let sums = "SHA256SUMS"
    private static let pieceBytes = 1 << 20

    /// Reads the whole file.
    ///
    /// - Throws: `.corrupt` when it is cut short, changed, or no backup.
    package init(_ path: String, in fileSystem: any FileSystem) throws(StorageError) {
        let file = try fileSystem.open(path, .reading)
        let entries = try Tar.entries(of: file)
        self.path = path
        bytes = try file.size()
        guard let last = entries.last, last.name == Self.sums else {
            throw .corrupt(file: path, offset: bytes, reason: "it does not end in its checksums")
        }
        var files: [String: FileSlice] = [:]
        var found = ""
        for entry in entries.dropLast() {
            guard Self.isOurs(entry.name), files[entry.name] == nil else {
                throw .corrupt(
                    file: path, offset: entry.range.lowerBound,
                    reason: "\(entry.name) does not belong into a backup")
            }
            let slice = FileSlice(path + "/" + entry.name, of: file, entry.range)
            found += Self.sumLine(try Self.hash(slice), entry.name)
            files[entry.name] = slice
        }
        let sums = try FileSlice(path, of: file, last.range).readAll()
        guard Array(found.utf8) == sums else {
            let names = zip(
                found.split(separator: "\n"),
                String(decoding: sums, as: UTF8.self).split(separator: "\n"))
            let different = names.first { $0 != $1 }?.0.split(separator: " ").last
            let place = entries.first { $0.name == different.map(String.init) }
            throw .corrupt(
                file: path, offset: place?.range.lowerBound ?? last.range.lowerBound,
                reason: "\(different ?? "the list of checksums") fails its checksum")
        }
        about =
            try files[Self.about].map { slice throws(StorageError) in
                String(decoding: try slice.readAll(), as: UTF8.self)
            } ?? ""
        files[Self.about] = nil
        self.files = files
    }

    private static func isOurs(_ name: String) -> Bool {
        name == about || name == FileName.manifest || FileName.firstFrame(ofSegment: name) != nil
            || FileName.frame(ofSnapshot: name) != nil
    }

    static func sumLine(_ hash: [UInt8], _ name: String) -> String {
        let digits = hash.map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 2 ? text : "0" + text
        }
        return "\(digits.joined())  \(name)\n"
    }

    private static func hash(_ file: FileSlice) throws(StorageError) -> [UInt8] {
        var hash = RunningSHA256()
        var offset: UInt64 = 0
        while true {
            let piece = try file.read(pieceBytes, at: offset)
            if piece.isEmpty { return hash.finish() }
            hash.update(piece, in: 0..<piece.count)
            offset += UInt64(piece.count)
        }
    }

    /// What was stored beside the log: the wrapped data keys.
    package func metadata() throws(StorageError) -> [UInt8] {
        try DataDirectory.readManifest(path, ReadOnlyFiles(path, files: files)).metadata
    }

    /// Checks the content as a data directory: chains, snapshots, records.
    package func verify(
        decoder: Verification.Decoder
    ) throws(StorageError) -> Verification {
        try Verification(path, in: ReadOnlyFiles(path, files: files), decoder: decoder)
    }

    /// Writes the files into a new directory, the manifest last: whatever has one is complete.
    ///
    /// - Throws: `.system` with EEXIST when there is something at `newPath` already.
    package func restore(
        to newPath: String, in fileSystem: any FileSystem
    ) throws(StorageError) {
        let manifest = try DataDirectory.readManifest(path, ReadOnlyFiles(path, files: files))
        let target = try NewDirectory(newPath, in: fileSystem)
        for (name, source) in files.sorted(by: { $0.key < $1.key })
        where name != FileName.manifest {
            let file = try fileSystem.open(target.file(name), .replacing)
            var offset: UInt64 = 0
            while true {
                let piece = try source.read(Self.pieceBytes, at: offset)
                if piece.isEmpty { break }
                try file.write(piece, at: offset)
                offset += UInt64(piece.count)
            }
            try file.fsync()
            file.close()
        }
        try target.finish(manifest)
    }
}
