import Actors

/// Which texts and numbers a schema means, for those who make requests from the document.
package struct SchemaLimits: Sendable {
    var numbers: ClosedRange<Int>?
    /// In characters, as JSON Schema counts them: Unicode scalars.
    var lengths: ClosedRange<Int>?
    /// How many elements.
    var counts: ClosedRange<Int>?
    /// A regular expression of ECMA-262.
    var pattern: String?

    var members: [(String, JSONTree)] {
        var members: [(String, JSONTree)] = []
        if let numbers {
            members.append(("minimum", .integer(Int64(numbers.lowerBound))))
            members.append(("maximum", .integer(Int64(numbers.upperBound))))
        }
        if let lengths {
            members.append(("minLength", .integer(Int64(lengths.lowerBound))))
            members.append(("maxLength", .integer(Int64(lengths.upperBound))))
        }
        if let counts {
            members.append(("minItems", .integer(Int64(counts.lowerBound))))
            members.append(("maxItems", .integer(Int64(counts.upperBound))))
        }
        if let pattern { members.append(("pattern", .string(pattern))) }
        return members
    }
}

extension Schema {
    static func integer(in numbers: ClosedRange<Int>) -> Schema {
        .limited(.integer, SchemaLimits(numbers: numbers))
    }

    static func text(_ lengths: ClosedRange<Int>) -> Schema {
        .limited(.string(), SchemaLimits(lengths: lengths))
    }

    static func array(_ counts: ClosedRange<Int>, of element: Schema) -> Schema {
        .limited(.array(element), SchemaLimits(counts: counts))
    }

    /// What an authenticator shows.
    static let code = Schema.limited(
        .string(example: "492039"), SchemaLimits(pattern: "^[0-9]{\(TOTP.digits)}$"))

    /// A telephone number as `PhoneNumber` reads it.
    static let phone = Schema.limited(
        .string(example: "+14155550100"), SchemaLimits(pattern: "^\\+[1-9][0-9]{7,14}$"))

    static let newPassword = Schema.text(
        PasswordRules.charactersMin...PasswordRules.charactersMax)
}
