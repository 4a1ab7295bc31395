import TestSupport
import Testing

@testable import Actors

@Suite("The dictionaries that accounts are kept in")
struct DenseTableTests {
    /// A key whose hash is as bad as its `variety` is small.
    private struct Key: Hashable {
        let number: Int
        let variety: Int
        func hash(into hasher: inout Hasher) { hasher.combine(number % variety) }
    }

    @Test("a table is a dictionary, whatever is done to it", arguments: [Int.max, 5, 1])
    func model(variety: Int) {
        for seed in 0..<60 as Range<UInt64> {
            let random = SeededRandom(seed: seed)
            var table = DenseTable<Key, String>()
            var model: [Int: String] = [:]
            // Few keys collide and return often; many make it grow.
            let keys = seed % 2 == 0 ? 12 : (variety == .max ? 2000 : 200)
            for step in 0..<3000 {
                let number = random.below(keys)
                let key = Key(number: number, variety: variety)
                let hash = key.hashValue
                switch random.below(4) {
                case 0:
                    let isKnown = table.remove(key, hash: hash)
                    #expect(isKnown == (model.removeValue(forKey: number) != nil))
                case 1:
                    if let place = table.place(of: key, hash: hash) {
                        table.change(at: place) { $0 += "+" }
                    }
                    model[number]?.append("+")
                default:
                    let isKnown = table.update("\(step)", for: key, hash: hash)
                    #expect(isKnown == (model.updateValue("\(step)", forKey: number) != nil))
                }
                #expect(table.count == model.count)
            }
            for number in 0..<keys {
                let key = Key(number: number, variety: variety)
                let place = table.place(of: key, hash: key.hashValue)
                #expect(place.map { table.values[$0] } == model[number])
            }
            let content = zip(table.keys.map(\.number), table.values)
            #expect(Dictionary(uniqueKeysWithValues: content) == model)
        }
    }

    @Test("a copy keeps what it had")
    func copies() {
        var dictionary = BucketedDictionary<Int, Int>()
        for key in 0..<500 { dictionary[key] = key }
        let copy = dictionary
        for key in 0..<500 where key % 3 == 0 { dictionary[key] = nil }
        dictionary.update(1) { $0 = 100 }
        #expect(copy.count == 500 && (0..<500).allSatisfy { copy[$0] == $0 })
        #expect(dictionary.count == 333 && dictionary[1] == 100 && dictionary[3] == nil)
        #expect(Set(dictionary.entries.map(\.key)).count == 333)
        #expect(dictionary != copy)
        dictionary.update(1) { $0 = 1 }
        for key in 0..<500 where key % 3 == 0 { dictionary[key] = key }
        #expect(dictionary == copy)
    }

    @Test("equal texts share their memory, and a flood of different ones takes a bounded amount")
    func texts() {
        func address(_ text: String) -> UInt {
            var text = text
            return text.withUTF8 { UInt(bitPattern: $0.baseAddress) }
        }
        func browser(_ number: Int) -> String { "A browser's name of more than 15 bytes \(number)" }
        var pool = TextPool()
        var first = browser(1)
        var second = browser(1)
        #expect(address(first) != address(second))
        pool.share(&first)
        pool.share(&second)
        #expect(first == browser(1) && second == first && address(first) == address(second))
        for number in 0..<5000 {
            var text = browser(number)
            pool.share(&text)
            #expect(text == browser(number))
        }
    }

    @Test("a rare value is a value")
    func rare() {
        struct Owner: Equatable { @Rare var value: [Int]? = nil }
        var owner = Owner()
        #expect(owner.value == nil && owner == Owner())
        owner.value = [1]
        let copy = owner
        owner.value?.append(2)
        #expect(owner.value == [1, 2] && copy.value == [1] && copy != owner)
        owner.value = nil
        #expect(owner == Owner())
    }
}
