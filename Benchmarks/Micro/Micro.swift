import Foundation

/// Times what the server does most, one piece at a time, and compares it with what a SHA-256 of a
/// kilobyte costs on the same processor at the same moment: such a ratio means the same on every
/// machine, where nanoseconds do not.
///
/// `Micro` prints the table; `Micro --check` also ends with 1 when a piece has become slower than
/// its threshold allows. Any other argument chooses the pieces whose names contain it.
@main
struct Micro {
    static func main() throws {
        let isChecking = CommandLine.arguments.contains("--check")
        let wanted = CommandLine.arguments.dropFirst().filter { $0 != "--check" }
        print("| piece | ns | × SHA-256 of 1 KiB | threshold |\n|---|---:|---:|---:|")
        var slow: [String] = []
        for piece in MicroStage().pieces
        where wanted.isEmpty || wanted.contains(where: piece.name.contains) {
            let result = piece.measure()
            let isSlow = result.ratio > piece.thresholdRatio
            if isSlow { slow.append(piece.name) }
            let figures = String(
                format: "| %@ | %.0f | %.2f | %.2f%@ |", piece.name, result.nanoseconds,
                result.ratio, piece.thresholdRatio, isSlow ? " SLOW" : "")
            print(figures)
        }
        guard isChecking, !slow.isEmpty else { return }
        print("\nslower than allowed: \(slow.joined(separator: ", "))")
        exit(1)
    }
}
