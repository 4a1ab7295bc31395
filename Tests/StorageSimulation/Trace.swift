/// What happened in one run, line by line: kept only when a run is repeated to be read.
final class Trace {
    private(set) var lines: [String] = []

    func note(_ line: String) { lines.append(line) }
}
