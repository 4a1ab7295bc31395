/// A dictionary in a fixed number of small dictionaries.
///
/// A snapshot copies the state in O(1), and the first change afterwards copies only the bucket it
/// touches: a few thousand entries instead of all, microseconds instead of tens of milliseconds.
package struct BucketedDictionary<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var buckets: [[Key: Value]]
    package private(set) var count = 0

    /// 64 buckets in each of 16 shards hold about a thousand entries each at a million users.
    static var bucketCount: Int { 64 }

    package init() {
        buckets = Array(repeating: [:], count: Self.bucketCount)
    }

    private func bucket(of key: Key) -> Int {
        // Only this process ever sees the choice, so Swift's seeded hash serves.
        Int(truncatingIfNeeded: UInt(bitPattern: key.hashValue) % UInt(Self.bucketCount))
    }

    package subscript(key: Key) -> Value? {
        get { buckets[bucket(of: key)][key] }
        set {
            let index = bucket(of: key)
            let existed = buckets[index].updateValueOrRemove(newValue, for: key)
            count += (newValue == nil ? 0 : 1) - (existed ? 1 : 0)
        }
    }

    /// Changes a value in place, without copying it out and in again. Does nothing for an absent
    /// key.
    package mutating func update(_ key: Key, _ change: (inout Value) -> Void) {
        let index = bucket(of: key)
        guard let place = buckets[index].index(forKey: key) else { return }
        change(&buckets[index].values[place])
    }

    package var values: some Sequence<Value> { buckets.lazy.flatMap(\.values) }
    package var entries: some Sequence<(key: Key, value: Value)> { buckets.lazy.flatMap { $0 } }
}

extension BucketedDictionary: Equatable where Value: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.buckets == right.buckets }
}

extension Dictionary {
    /// Answers whether the key was there before.
    fileprivate mutating func updateValueOrRemove(_ value: Value?, for key: Key) -> Bool {
        if let value { return updateValue(value, forKey: key) != nil }
        return removeValue(forKey: key) != nil
    }
}
