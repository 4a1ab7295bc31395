import TestSupport
import Testing

@testable import Persistence

@Suite("The byte codec")
struct ByteCodecTests {
    /// One value of every kind that the writer knows.
    private struct Sample: Equatable {
        let byte: UInt8
        let word: UInt16
        let signed: Int64
        let varint: UInt64
        let flag: Bool
        let bytes: [UInt8]
        let text: String
        let optional: UInt32?
        let array: [UInt64]

        init(_ random: SeededRandom) {
            byte = UInt8(truncatingIfNeeded: random.next())
            word = UInt16(truncatingIfNeeded: random.next())
            signed = Int64(bitPattern: random.next())
            varint = random.next() >> UInt64(random.below(64))
            flag = random.below(2) == 0
            bytes = random.bytes(random.below(300))
            text = String((0..<random.below(40)).map { _ in "aé€😀".randomElement(by: random) })
            optional = random.below(2) == 0 ? nil : UInt32(truncatingIfNeeded: random.next())
            array = (0..<random.below(9)).map { _ in random.next() }
        }

        func write(_ writer: inout ByteWriter) {
            writer.write(byte)
            writer.write(word)
            writer.write(signed)
            writer.writeVarint(varint)
            writer.write(flag)
            writer.write(bytes)
            writer.write(text)
            writer.writeOptional(optional) { $0.write($1) }
            writer.writeArray(array) { $0.writeVarint($1) }
        }

        init(from reader: inout ByteReader) throws(DecodingFault) {
            byte = try reader.read()
            word = try reader.read()
            signed = try reader.read()
            varint = try reader.readVarint()
            flag = try reader.readBool()
            bytes = try reader.readBytes()
            text = try reader.readString()
            optional = try reader.readOptional { (reader) throws(DecodingFault) in
                try reader.read(UInt32.self)
            }
            array = try reader.readArray { (reader) throws(DecodingFault) in
                try reader.readVarint()
            }
        }
    }

    @Test("what was written is read back, and nothing is left over")
    func roundTrip() throws {
        let random = SeededRandom(seed: 1)
        for _ in 0..<300 {
            let sample = Sample(random)
            var writer = ByteWriter()
            sample.write(&writer)
            var reader = ByteReader(writer.bytes)
            #expect(try Sample(from: &reader) == sample)
            #expect(reader.isAtEnd)
        }
    }

    @Test("every cut of what was written throws, and none of them traps")
    func cuts() throws {
        let random = SeededRandom(seed: 2)
        for _ in 0..<20 {
            var writer = ByteWriter()
            Sample(random).write(&writer)
            for end in writer.bytes.indices {
                var reader = ByteReader(writer.bytes, in: 0..<end)
                #expect(throws: DecodingFault.self) { try Sample(from: &reader) }
            }
        }
    }

    @Test("bytes of chance are read or refused, and never read beyond their end")
    func hostileBytes() {
        let random = SeededRandom(seed: 3)
        for _ in 0..<2000 {
            let bytes = random.bytes(random.below(60))
            let end = random.below(bytes.count + 1)
            var reader = ByteReader(bytes, in: 0..<end)
            _ = try? Sample(from: &reader)
            #expect(reader.position <= end)
        }
    }

    @Test("a length beyond the end is refused before anything is allocated")
    func hostileLengths() {
        for length: UInt64 in [4, 1 << 31, 1 << 62, 1 << 63, .max] {
            var writer = ByteWriter()
            writer.writeVarint(length)
            writer.writeRaw([1, 2, 3])
            let fault = DecodingFault.truncated(needed: Int(clamping: length), available: 3)
            var reader = ByteReader(writer.bytes)
            #expect(throws: fault) { try reader.readBytes() }
            reader = ByteReader(writer.bytes)
            #expect(throws: fault) { try reader.readString() }
            reader = ByteReader(writer.bytes)
            #expect(throws: fault) {
                try reader.readArray { (reader) throws(DecodingFault) in
                    try reader.read(UInt8.self)
                }
            }
        }
        var reader = ByteReader([1, 2, 3])
        #expect(throws: DecodingFault.truncated(needed: -1, available: 3)) {
            try reader.readRaw(-1)
        }
    }

    @Test(
        "a varint takes one byte for each seven bits",
        arguments: [
            (0, [0]), (0x7f, [0x7f]), (0x80, [0x80, 1]), (300, [0xac, 2]),
            (.max, [UInt8](repeating: 0xff, count: 9) + [1]),
        ] as [(UInt64, [UInt8])])
    func varint(value: UInt64, bytes: [UInt8]) throws {
        var writer = ByteWriter()
        writer.writeVarint(value)
        #expect(writer.bytes == bytes)
        var reader = ByteReader(bytes)
        #expect(try reader.readVarint() == value)
    }

    @Test(
        "a body that is counted after it was written is the same as one counted before",
        arguments: [0, 1, 127, 128, 129, 16_383, 16_384, 16_385, 2_097_151, 2_097_152])
    func counted(length: Int) throws {
        let body = SeededRandom(seed: UInt64(length)).bytes(length)
        var plain = ByteWriter()
        plain.write(UInt8(0xaa))
        plain.write(body)
        plain.write(UInt8(0xbb))
        var counted = ByteWriter()
        counted.write(UInt8(0xaa))
        counted.writeCounted { $0.writeRaw(body) }
        counted.write(UInt8(0xbb))
        #expect(counted.bytes == plain.bytes)
    }

    @Test("counted parts may be inside each other")
    func nested() throws {
        var writer = ByteWriter()
        writer.writeCounted { outer in
            outer.writeCounted { $0.writeRaw([UInt8](repeating: 1, count: 200)) }
            outer.writeCounted { _ in }
        }
        var reader = ByteReader(writer.bytes)
        var outer = try reader.slice(try reader.readCount())
        #expect(reader.isAtEnd)
        #expect(try outer.readBytes() == [UInt8](repeating: 1, count: 200))
        #expect(try outer.readBytes().isEmpty && outer.isAtEnd)
    }

    @Test("a varint of more than 64 bits is refused")
    func longVarints() {
        let nines = [UInt8](repeating: 0xff, count: 9)
        for bytes in [nines + [2], nines + [0x81, 0], [UInt8](repeating: 0x80, count: 11) + [0]] {
            var reader = ByteReader(bytes)
            #expect(throws: DecodingFault.varintTooLong) { try reader.readVarint() }
        }
    }

    @Test("a boolean is 0 or 1, and text is UTF-8")
    func otherValues() {
        var reader = ByteReader([2])
        #expect(throws: DecodingFault.invalidValue("boolean 2")) { try reader.readBool() }
        reader = ByteReader([2, 0xc3, 0x28])
        #expect(throws: DecodingFault.notUTF8) { try reader.readString() }
    }
}

extension String {
    fileprivate func randomElement(by random: SeededRandom) -> Character {
        self[index(startIndex, offsetBy: random.below(count))]
    }
}
