/// A dictionary in a fixed number of small dictionaries.
///
/// A snapshot copies the state in O(1), and the first change afterwards copies only the bucket it
/// touches: a few thousand entries instead of all, microseconds instead of tens of milliseconds.
package struct BucketedDictionary<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var buckets: [DenseTable<Key, Value>]
    package private(set) var count = 0

    /// 64 buckets in each of 16 shards hold about a thousand entries each at a million users.
    static var bucketCount: Int { 64 }

    package init() {
        buckets = Array(repeating: DenseTable(), count: Self.bucketCount)
    }

    /// Of a key's hash. Only this process ever sees the choice, so Swift's seeded one serves.
    private func bucket(_ hash: Int) -> Int {
        Int(truncatingIfNeeded: UInt(bitPattern: hash) % UInt(Self.bucketCount))
    }

    package subscript(key: Key) -> Value? {
        get {
            let hash = key.hashValue
            let bucket = bucket(hash)
            return buckets[bucket].place(of: key, hash: hash).map { buckets[bucket].values[$0] }
        }
        set {
            let hash = key.hashValue
            let bucket = bucket(hash)
            if let newValue {
                if !buckets[bucket].update(newValue, for: key, hash: hash) { count += 1 }
            } else if buckets[bucket].remove(key, hash: hash) {
                count -= 1
            }
        }
    }

    /// Changes a value in place, without copying it out and in again. Does nothing for an absent
    /// key.
    package mutating func update(_ key: Key, _ change: (inout Value) -> Void) {
        let hash = key.hashValue
        let bucket = bucket(hash)
        guard let place = buckets[bucket].place(of: key, hash: hash) else { return }
        buckets[bucket].change(at: place, change)
    }

    package var values: some Sequence<Value> { buckets.lazy.flatMap(\.values) }
    package var entries: some Sequence<(key: Key, value: Value)> {
        buckets.lazy.flatMap { bucket in
            zip(bucket.keys, bucket.values).lazy.map { (key: $0, value: $1) }
        }
    }
}

extension BucketedDictionary: Equatable where Value: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.entries.allSatisfy { right[$0.key] == $0.value }
    }
}
