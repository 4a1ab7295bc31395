/// What decides everything in a simulation (SplitMix64): the same seed gives the same run. A class,
/// because the disk and the world on top of it throw the same dice.
package final class Dice {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    @inline(__always) package func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mixed(state)
    }

    @inline(__always) package static func mixed(_ value: UInt64) -> UInt64 {
        var word = value
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// A number from 0 up to but not including `bound`.
    @inline(__always) package func below(_ bound: Int) -> Int {
        Int(((next() >> 32) &* UInt64(bound)) >> 32)
    }

    @inline(__always) package func oneIn(_ count: Int) -> Bool { below(count) == 0 }
}
