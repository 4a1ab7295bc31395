import CZlib

/// Unpacks a body that is compressed by gzip or zlib, piece by piece. The caller gets the
/// compressed bytes unchanged; this is for what we read in passing.
@safe final class Inflater {
    // Allocated, because zlib keeps the stream's address; freed in deinit.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isBroken = false

    /// Both headers are recognised: gzip and zlib (zlib.h, inflateInit2: 15 window bits and 32).
    private static let windowBits: Int32 = 15 + 32
    private static let pieceBytes = 16_384
    /// More than this out of one piece in is a bomb, and nothing that a provider sends.
    private static let outputBytesMax = 64 << 20

    /// Nil when zlib has no memory for it.
    init?() {
        // Safe: allocated, initialised, and given to nobody but zlib.
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let result = unsafe inflateInit2_(
            stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        if result != Z_OK { isBroken = true }
        if isBroken { return nil }
    }

    deinit {
        // Safe: nobody uses the stream any more.
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Calls `body` with each piece of what comes out. What is no valid data ends it for good.
    func feed(_ bytes: Span<UInt8>, in range: Range<Int>, _ body: (Span<UInt8>) -> Void) {
        guard !isBroken, !range.isEmpty else { return }
        var input = [UInt8]()
        input.reserveCapacity(range.count)
        for index in range { input.append(bytes[index]) }
        var output = [UInt8](repeating: 0, count: Self.pieceBytes)
        var total = 0
        // Safe: both buffers outlive the calls, and zlib stays within the lengths that it is told.
        unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe stream.pointee.next_in = input.baseAddress
            unsafe stream.pointee.avail_in = uInt(input.count)
            var result = Z_OK
            repeat {
                let count = unsafe output.withUnsafeMutableBufferPointer { output -> Int in
                    unsafe stream.pointee.next_out = output.baseAddress
                    unsafe stream.pointee.avail_out = uInt(output.count)
                    result = unsafe inflate(stream, Z_NO_FLUSH)
                    return unsafe output.count - Int(stream.pointee.avail_out)
                }
                total += count
                if count > 0 { body(output.span.extracting(0..<count)) }
                if result != Z_OK && result != Z_BUF_ERROR || total > Self.outputBytesMax {
                    isBroken = true
                }
            } while unsafe !isBroken && stream.pointee.avail_out == 0
        }
    }
}
