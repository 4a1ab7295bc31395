/// A small dictionary whose keys and values lie close together, with a table of their places.
///
/// `Dictionary` keeps room for a third to a half more entries than it holds, each as large as a key
/// and a value. Here that room costs four bytes an entry, which in a million accounts is a third of
/// all memory. Whoever asks brings the key's hash, because it has been made to choose the table.
struct DenseTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private(set) var keys: [Key] = []
    private(set) var values: [Value] = []
    /// A power of two long, at most three quarters full; collisions go to the next slot.
    private var slots: [Slot] = []

    private static var slotsMin: Int { 8 }
    /// A slot has no room for a larger place. Sixty-four such tables would hold a thousand million
    /// entries, which is more than memory has room for.
    private static var entriesMax: Int { 1 << Slot.placeBits - 1 }
    /// A quarter more each time it is full: less waste than the doubling that arrays do by
    /// themselves, at four moves for each entry instead of two.
    private static var growthDivisor: Int { 4 }

    var count: Int { keys.count }

    private var mask: Int { slots.count - 1 }

    /// Tables are chosen by the lowest bits of the same hash, and slots tell entries apart by the
    /// highest.
    private func home(_ hash: Int) -> Int {
        Int(truncatingIfNeeded: UInt(bitPattern: hash) >> 8) & mask
    }

    /// The slot of the key, or the empty one where it belongs. There always is an empty one.
    private func find(_ key: Key, _ hash: Int) -> (slot: Int, place: Int?) {
        var index = home(hash)
        while true {
            let slot = slots[index]
            if slot.isEmpty { return (index, nil) }
            if slot.mayBe(hash), keys[slot.place] == key { return (index, slot.place) }
            index = (index + 1) & mask
        }
    }

    func place(of key: Key, hash: Int) -> Int? { slots.isEmpty ? nil : find(key, hash).place }

    /// Answers whether the key was there before.
    mutating func update(_ value: Value, for key: Key, hash: Int) -> Bool {
        if slots.isEmpty { rebuild(slotCount: Self.slotsMin) }
        var (index, place) = find(key, hash)
        if let place {
            values[place] = value
            return true
        }
        precondition(count < Self.entriesMax)
        if (count + 1) * 4 > slots.count * 3 {
            rebuild(slotCount: slots.count * 2)
            index = emptySlot(hash)
        }
        if keys.count == keys.capacity {
            let room = count + count / Self.growthDivisor + 1
            keys.reserveCapacity(room)
            values.reserveCapacity(room)
        }
        slots[index] = Slot(place: count, hash: hash)
        keys.append(key)
        values.append(value)
        return false
    }

    mutating func change(at place: Int, _ body: (inout Value) -> Void) { body(&values[place]) }

    /// Answers whether the key was there. The last entry takes its place.
    mutating func remove(_ key: Key, hash: Int) -> Bool {
        guard !slots.isEmpty, case (let slot, let place?) = find(key, hash) else { return false }
        let last = count - 1
        if place != last {
            let moved = keys[last].hashValue
            slots[find(keys[last], moved).slot] = Slot(place: place, hash: moved)
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
        var index = (hole + 1) & mask
        while !slots[index].isEmpty {
            let wanted = home(keys[slots[index].place].hashValue)
            if (index - wanted) & mask >= (index - hole) & mask {
                slots[hole] = slots[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        slots[hole] = .empty
    }

    private mutating func rebuild(slotCount: Int) {
        slots = Array(repeating: .empty, count: slotCount)
        for (place, key) in keys.enumerated() {
            let hash = key.hashValue
            slots[emptySlot(hash)] = Slot(place: place, hash: hash)
        }
    }

    /// Where a key belongs that is known not to be there.
    private func emptySlot(_ hash: Int) -> Int {
        var index = home(hash)
        while !slots[index].isEmpty { index = (index + 1) & mask }
        return index
    }
}

/// Where an entry is, and eight bits of its key's hash: without them every entry that is passed
/// on the way to a key would have to be fetched from memory, only to be another one.
private struct Slot: Sendable {
    private var bits: UInt32 = 0
    static let empty = Slot()
    static let placeBits = 24

    private init() {}

    init(place: Int, hash: Int) {
        bits = UInt32(place + 1) | Self.tag(hash) << UInt32(Self.placeBits)
    }

    var isEmpty: Bool { bits == 0 }
    var place: Int { Int(bits & (1 << UInt32(Self.placeBits) - 1)) - 1 }

    func mayBe(_ hash: Int) -> Bool { bits >> UInt32(Self.placeBits) == Self.tag(hash) }

    private static func tag(_ hash: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: UInt(bitPattern: hash) >> 56)
    }
}
