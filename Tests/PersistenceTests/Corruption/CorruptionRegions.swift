import Persistence

@testable import Persistence

/// What the bytes of a file are for, so that the table can say where damage was done.
struct CorruptionRegion {
    let name: String
    let range: Range<Int>
    /// Room that nothing was written into is looked at in samples; everything else byte by byte.
    var isRoom = false

    /// The regions of a file of a data directory, in their order and without a gap.
    static func all(of file: String, _ bytes: [UInt8]) -> [CorruptionRegion] {
        if FileName.firstFrame(ofSegment: file) != nil { return segment(bytes) }
        if FileName.frame(ofSnapshot: file) != nil { return snapshot(bytes) }
        let end = ByteScan.endOfContent(bytes, in: 0..<bytes.count)
        let isSpare = FileName.isTemporary(file)
        return filled([
            CorruptionRegion(
                name: isSpare ? "spare, content" : "\(file), text", range: 0..<end),
            CorruptionRegion(
                name: isSpare ? "spare, room" : "\(file), room", range: end..<bytes.count,
                isRoom: isSpare),
        ])
    }

    private static func segment(_ bytes: [UInt8]) -> [CorruptionRegion] {
        var regions = [CorruptionRegion(name: "segment, header", range: 0..<SegmentHeader.bytes)]
        var end = SegmentHeader.bytes
        for frame in frames(in: bytes) {
            let start = frame.range.lowerBound
            end = frame.range.upperBound
            guard frame.kind == .batch else {
                regions.append(
                    CorruptionRegion(name: "segment, seal or clean mark", range: start..<end))
                continue
            }
            regions.append(
                CorruptionRegion(
                    name: "segment, header of a batch", range: start..<start + Frame.headerBytes))
            for section in (try? FrameReader.sections(of: frame, in: bytes)) ?? [] {
                regions += [
                    CorruptionRegion(
                        name: "segment, header of a section",
                        range: section.range.lowerBound..<section.content.lowerBound),
                    CorruptionRegion(name: "segment, records", range: section.content),
                    CorruptionRegion(
                        name: "segment, padding",
                        range: section.content.upperBound..<section.range.upperBound),
                ]
            }
            regions.append(
                CorruptionRegion(
                    name: "segment, end of a batch", range: end - Frame.trailerBytes..<end))
        }
        let torn = ByteScan.endOfContent(bytes, in: end..<bytes.count)
        regions.append(CorruptionRegion(name: "segment, a torn write", range: end..<torn))
        // What lies next to the frames is looked at byte by byte too.
        let near = min(torn + 1024, bytes.count)
        regions.append(CorruptionRegion(name: "segment, room after the log", range: torn..<near))
        regions.append(
            CorruptionRegion(
                name: "segment, room after the log", range: near..<bytes.count, isRoom: true))
        return filled(regions)
    }

    private static func snapshot(_ bytes: [UInt8]) -> [CorruptionRegion] {
        guard let header = try? SnapshotHeader(bytes) else { return [] }
        var place = SnapshotFormat.headerBytes(shards: header.records.count)
        let footer = bytes.count - SnapshotFormat.footerBytes
        var regions = [CorruptionRegion(name: "snapshot, header", range: 0..<place)]
        while place < footer {
            var reader = ByteReader(bytes, in: place + 16..<place + 20)
            let compressed = (try? reader.read(UInt32.self)).map { Int($0) } ?? 0
            let content = place + SnapshotFormat.blockHeaderBytes
            regions.append(
                CorruptionRegion(name: "snapshot, header of a block", range: place..<content))
            regions.append(
                CorruptionRegion(
                    name: "snapshot, block", range: content..<content + compressed))
            place = content + compressed
        }
        regions.append(CorruptionRegion(name: "snapshot, footer", range: footer..<bytes.count))
        return filled(regions)
    }

    private static func filled(_ regions: [CorruptionRegion]) -> [CorruptionRegion] {
        regions.filter { !$0.range.isEmpty }
    }
}
