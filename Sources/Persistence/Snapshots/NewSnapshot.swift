/// A snapshot file that is being written, block after block.
struct NewSnapshot {
    private let file: any StorageFile
    private var hash = RunningSHA256()
    private var offset: UInt64 = 0
    private var blocks: UInt64 = 0

    init(_ file: any StorageFile, header: SnapshotHeader) throws(StorageError) {
        self.file = file
        try write(header.encoded)
    }

    mutating func add(
        _ header: SnapshotPartHeader, chunk: [UInt8]
    ) throws(StorageError) {
        try write(SnapshotBlock(header, chunk: chunk).encoded)
        blocks += 1
    }

    /// Writes the footer: without it the file was never finished.
    mutating func end() throws(StorageError) {
        let footer = SnapshotFooter(blocks: blocks, length: offset, hash: hash.finish())
        try file.write(footer.encoded, at: offset)
    }

    func sync() throws(StorageError) { try file.fsync() }

    func close() { file.close() }

    private mutating func write(_ bytes: [UInt8]) throws(StorageError) {
        try file.write(bytes, at: offset)
        hash.update(bytes, in: 0..<bytes.count)
        offset += UInt64(bytes.count)
    }
}
