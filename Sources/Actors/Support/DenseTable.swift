/// A small dictionary whose keys and values lie close together, with a table of their places.
///
/// `Dictionary` keeps room for a third to a half more entries than it holds, each as large as a key
/// and a value. Here that room costs four bytes an entry, which in a million accounts is a third of
/// all memory.
struct DenseTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private(set) var keys: [Key] = []
    private(set) var values: [Value] = []
    /// One more than the place of an entry, 0 where there is none. A power of two long, at most
    /// three quarters full; collisions go to the next slot.
    private var slots: [UInt32] = []

    private static var slotsMin: Int { 8 }
    /// A quarter more each time it is full: less waste than the doubling that arrays do by
    /// themselves, at four moves for each entry instead of two.
    private static var growthDivisor: Int { 4 }

    var count: Int { keys.count }

    private var mask: Int { slots.count - 1 }

    /// Buckets are chosen by the lowest bits of the same hash.
    private func home(_ key: Key) -> Int {
        Int(truncatingIfNeeded: UInt(bitPattern: key.hashValue) >> 8) & mask
    }

    /// The slot of the key, or the empty one where it belongs. There always is an empty one.
    private func find(_ key: Key) -> (slot: Int, place: Int?) {
        var slot = home(key)
        while slots[slot] != 0 {
            let place = Int(slots[slot]) - 1
            if keys[place] == key { return (slot, place) }
            slot = (slot + 1) & mask
        }
        return (slot, nil)
    }

    func place(of key: Key) -> Int? { slots.isEmpty ? nil : find(key).place }

    /// Answers whether the key was there before.
    mutating func update(_ value: Value, for key: Key) -> Bool {
        if let place = place(of: key) {
            values[place] = value
            return true
        }
        if (count + 1) * 4 > slots.count * 3 {
            rebuild(slotCount: max(Self.slotsMin, slots.count * 2))
        }
        if keys.count == keys.capacity {
            let room = count + count / Self.growthDivisor + 1
            keys.reserveCapacity(room)
            values.reserveCapacity(room)
        }
        slots[find(key).slot] = UInt32(count + 1)
        keys.append(key)
        values.append(value)
        return false
    }

    mutating func change(at place: Int, _ body: (inout Value) -> Void) { body(&values[place]) }

    /// Answers whether the key was there. The last entry takes its place.
    mutating func remove(_ key: Key) -> Bool {
        guard !slots.isEmpty, case (let slot, let place?) = find(key) else { return false }
        let last = count - 1
        if place != last {
            slots[find(keys[last]).slot] = UInt32(place + 1)
            keys[place] = keys[last]
            values[place] = values[last]
        }
        keys.removeLast()
        values.removeLast()
        close(slot)
        return true
    }

    /// Empties a slot, and moves back those behind it that only were there because it was taken.
    private mutating func close(_ emptied: Int) {
        var hole = emptied
        var slot = (hole + 1) & mask
        while slots[slot] != 0 {
            let wanted = home(keys[Int(slots[slot]) - 1])
            if (slot - wanted) & mask >= (slot - hole) & mask {
                slots[hole] = slots[slot]
                hole = slot
            }
            slot = (slot + 1) & mask
        }
        slots[hole] = 0
    }

    private mutating func rebuild(slotCount: Int) {
        slots = Array(repeating: 0, count: slotCount)
        for (place, key) in keys.enumerated() { slots[find(key).slot] = UInt32(place + 1) }
    }
}
