import Synchronization

/// Prepares segments ahead of their use: zeroed, synced, with room for the manifest that will name
/// them. What can fail for want of space fails here, where nobody has been promised anything.
struct SegmentMaker {
    let directory: DataDirectory
    let segmentBytes: Int

    /// How many wait for use. Two, because filling one takes less time than zeroing one when the
    /// disk is busy with both.
    static let sparesMax = 2
    func make(number: Int) throws(StorageError) -> SpareSegment {
        let fileSystem = directory.fileSystem
        let spare = SpareSegment(number: number)
        let manifest = try fileSystem.open(directory.file(spare.manifestName), .replacing)
        try manifest.zero(0..<UInt64(Manifest.bytesMax))
        manifest.close()
        let segment = try fileSystem.open(directory.file(spare.segmentName), .replacing)
        try segment.zero(0..<UInt64(segmentBytes))
        segment.close()
        return spare
    }

    /// Gives back what an attempt has taken: a nearly full disk must not be kept full by a file
    /// that is of no use.
    func discard(number: Int) {
        let spare = SpareSegment(number: number)
        try? directory.fileSystem.unlink(directory.file(spare.segmentName))
        try? directory.fileSystem.unlink(directory.file(spare.manifestName))
    }

    /// Puts a spare into service as the log's newest segment. Nothing here allocates.
    ///
    /// The order matters: the header is durable before the name is, and the name before the
    /// manifest that demands it.
    func activate(
        _ spare: SpareSegment, tail: LogTail
    ) throws(StorageError) -> any StorageFile {
        let fileSystem = directory.fileSystem
        let header = SegmentHeader(
            directory: directory.id, createdAtMilliseconds: directory.clock(), tail: tail)
        let file = try fileSystem.open(directory.file(spare.segmentName), .writing)
        try file.write(header.encoded, at: 0)
        try file.fsync()
        try fileSystem.rename(
            directory.file(spare.segmentName),
            to: directory.file(FileName.segment(firstFrame: header.firstFrame).text))
        try fileSystem.fsyncDirectory(directory.path)
        try directory.change(over: spare.manifestName) { manifest in
            manifest.activeFirstFrame = header.firstFrame
        }
        return file
    }
}

/// A prepared segment and the room for its manifest.
struct SpareSegment: Sendable {
    let number: Int
    var segmentName: String { FileName.spareSegment(number: number).text }
    var manifestName: String { FileName.spareManifest(number: number).text }
}
