import Testing

@testable import App

@Suite("File descriptors")
struct FileDescriptorsTests {
    @Test("with enough of them the configuration stays as it is")
    func enough() {
        let share = FileDescriptors.share(of: 65_536, connections: 10_000, refused: 1_024)
        #expect(share.connections == 10_000 && share.refused == 1_024)
    }

    @Test(
        "connections never take what the server itself needs", arguments: [1, 64, 300, 1024, 4096])
    func few(limit: Int) {
        let (connections, refused) = FileDescriptors.share(
            of: limit, connections: 10_000, refused: 1_024)
        #expect(connections >= 1)
        // Each connection may need another one to a provider.
        #expect(connections * 2 + refused <= max(limit / 4 + 1, limit - 256) + 1)
    }
}
