/// A value that most of its owners do not have, kept outside of them: in a million accounts the
/// room for what one in a thousand has would cost more than what they all have.
@propertyWrapper
package struct Rare<Value: Sendable & Equatable>: Sendable, Equatable {
    private final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private var box: Box?

    package init(wrappedValue: Value?) { box = wrappedValue.map(Box.init) }

    package var wrappedValue: Value? {
        get { box?.value }
        set { box = newValue.map(Box.init) }
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.wrappedValue == right.wrappedValue
    }
}
