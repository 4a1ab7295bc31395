import App

/// Nothing but the entry: everything is in a library, so that tests, benchmarks and fuzzers link
/// what the server is made of.
@main
enum Program {
    static func main() async { await Countersign.main() }
}
