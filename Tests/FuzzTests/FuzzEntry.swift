import CFuzzer
import Foundation

/// libFuzzer with one of the targets, named in the environment; the command line is libFuzzer's.
@main
enum FuzzEntry {
    static func main() {
        // Asked for now, so that a wrong name is a message and no finding.
        _ = target
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        // Safe: both outlive the call, and libFuzzer owns so many bytes there during each call of
        // the closure.
        let status = unsafe withUnsafeMutablePointer(to: &arguments) { arguments in
            unsafe arguments.withMemoryRebound(
                to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1
            ) { arguments in
                unsafe LLVMFuzzerRunDriver(&count, arguments) { start, count in
                    unsafe FuzzEntry.target.run(
                        Array(UnsafeBufferPointer(start: start, count: count)))
                    return 0
                }
            }
        }
        exit(status)
    }

    static let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            print("FUZZ_TARGET has to be one of \(FuzzTarget.allCases.map(\.rawValue))")
            exit(64)
        }
        return target
    }()
}
