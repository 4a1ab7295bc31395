import Foundation

/// What libFuzzer calls with every input that it makes up; its own `main` reads the command line.
/// The target is named in the environment, so that one program has them all.
@_cdecl("LLVMFuzzerTestOneInput") public func testOneInput(
    _ start: UnsafePointer<UInt8>, _ count: Int
) -> CInt {
    // Safe: libFuzzer owns so many bytes there until this returns.
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    target.run(bytes)
    return 0
}

private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        fatalError("FUZZ_TARGET has to be one of \(FuzzTarget.allCases.map(\.rawValue))")
    }
    return target
}()
