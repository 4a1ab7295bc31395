/// Where unpredictable bytes come from: the operating system's generator in the server
/// (getrandom(2) through `SystemRandomNumberGenerator`), a seeded one in simulations.
package protocol RandomSource: Sendable {
    func bytes(_ count: Int) -> [UInt8]
}

package struct SystemRandomSource: RandomSource {
    package init() {}

    package func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            var word = generator.next()
            for _ in 0..<min(8, count - bytes.count) {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return bytes
    }
}
