/// The passwords that are tried first, refused at registration and change (NIST SP 800-63B-4
/// §3.1.1.2; ASVS 5.0 6.2.4 asks for the 3,000 most common that meet our own rules).
///
/// The list is made here instead of copied: words that people choose, with the endings they add;
/// paths of the fingers over the keyboard; repetitions and counting. That covers the patterns
/// behind every published list, and entries that none of them has.
package enum CommonPasswords {
    /// Whether the password is on the list, whatever the case of its letters.
    package static func contains(_ password: String) -> Bool {
        all.contains(password.lowercased())
    }

    package static var count: Int { all.count }

    /// Built at first use, in a few milliseconds; only what the rules of length would let pass.
    private static let all: Set<String> = {
        var entries: Set<String> = []
        for family in [wordsWithEndings(), pairsOfWords(), keyboardPaths(), repetitions(), phrases]
        {
            entries.formUnion(
                family.filter { $0.unicodeScalars.count >= PasswordRules.charactersMin })
        }
        return entries
    }()
}

// MARK: Words

extension CommonPasswords {
    private static let words = """
        password passwort pass admin administrator root user guest login welcome letmein master \
        secret access changeme default test testing temp server system computer internet google \
        qwerty azerty abc asdf football baseball basketball hockey soccer rugby tennis golf \
        monkey dragon tiger lion eagle wolf panda horse rabbit kitten puppy dolphin butterfly \
        sunshine princess angel flower rainbow summer winter spring autumn monday friday \
        january december iloveyou love lovely hello killer ninja samurai batman superman spiderman \
        pokemon starwars matrix freedom whatever trustno michael jordan michelle jennifer jessica \
        charlie daniel thomas robert andrew joshua matthew anthony george ashley nicole \
        hannah amanda samantha london paris berlin chelsea liverpool arsenal barcelona mustang \
        ferrari porsche mercedes corvette harley yamaha chocolate cookie cheese pepper banana \
        orange apple cherry ginger coffee purple silver golden diamond shadow phantom thunder \
        hunter ranger warrior soldier knight wizard phoenix blink money trading crypto bitcoin \
        market broker trader stocks
        """.split(separator: " ").map { String($0) }

    private static let endings = [
        "", "1", "2", "3", "7", "11", "12", "13", "21", "22", "23", "69", "77", "88", "99", "00",
        "01", "007", "100", "101", "111", "123", "1234", "12345", "123456", "321", "666", "777",
        "!", "!!", "?", ".", "@", "#", "1!", "123!", "@1", "@123", "@1234", "_1", "_123", "-1",
        "1990", "1995", "2000", "2001", "2010", "2020", "2021", "2022", "2023", "2024", "2025",
        "2026", "2024!", "2025!", "2026!",
    ]

    private static func wordsWithEndings() -> [String] {
        (words + words.map(withLookalikes)).flatMap { word in endings.map { word + $0 } }
    }

    /// The letters that people replace by digits and signs, as in `p@ssw0rd`.
    private static func withLookalikes(_ word: String) -> String {
        let lookalikes: [Character: Character] = ["a": "@", "e": "3", "i": "1", "o": "0"]
        return String(word.map { lookalikes[$0] ?? $0 })
    }

    private static func pairsOfWords() -> [String] {
        let first = ["my", "the", "new", "super", "big", "i"]
        let doubled = words.map { $0 + $0 }
        return doubled + words.flatMap { word in first.map { $0 + word } }
            + ["passw0rd", "pa55word", "pa55w0rd", "passwd"].flatMap { word in
                endings.map { word + $0 }
            }
    }

    private static let phrases = [
        "iloveyou", "iloveyou1", "ihateyou", "fuckyou1", "fuckyou!", "letmeinnow", "openthedoor",
        "opensesame", "correcthorsebatterystaple", "trustno1", "nopassword", "mypassword",
        "password1password", "changemenow", "changeit", "pleasechangeme", "notsecure",
        "yourpassword",
        "idontknow", "whocares", "godblessyou", "jesuschrist", "blink182", "ncc1701d", "thx11381",
        "rockyou1", "abcdefgh", "abcd1234", "abc12345", "a1b2c3d4", "a1b2c3d4e5", "aa123456",
        "1a2b3c4d", "123abc456", "abc123abc", "admin123admin", "countersign", "countersign1",
    ]
}

// MARK: Patterns

extension CommonPasswords {
    /// Straight lines: every stretch of 8 to 12 keys along a row, in both directions, and going on
    /// at its start; the same rows cut in two; and the slanting columns of the keyboard.
    private static func keyboardPaths() -> [String] {
        let rows = [
            "1234567890", "0123456789", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl",
            "zxcvbnm", "yxcvbnm", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm",
        ]
        let lines = rows.flatMap { row in [row, String(row.reversed())] }
        return lines.flatMap { stretches(of: $0 + $0) } + columns()
            + lines.flatMap { line in
                (3...7).flatMap { length in endings.map { line.prefix(length) + $0 } }
            }
    }

    private static func stretches(of line: String) -> [String] {
        let keys = Array(line)
        return (8...12).flatMap { length in
            (0...max(0, keys.count - length)).map { String(keys[$0...].prefix(length)) }
        }
    }

    /// `1qaz2wsx…`, `q1w2e3r4…`, `qweasdzxc` and their like.
    private static func columns() -> [String] {
        let digits = Array("1234567890")
        let upper = Array("qwertyuiop")
        let middle = Array("asdfghjkl")
        let lower = Array("zxcvbnm")
        var paths: [String] = []
        var down = ""
        var up = ""
        var letterFirst = ""
        var digitFirst = ""
        for index in 0..<7 {
            down += String([digits[index], upper[index], middle[index], lower[index]])
            up += String([lower[index], middle[index], upper[index], digits[index]])
            letterFirst += String([upper[index], digits[index]])
            digitFirst += String([digits[index], upper[index]])
            paths += [down, up, letterFirst, digitFirst]
        }
        paths += [letterFirst, digitFirst].map { String($0.dropLast()) }
        paths += [
            "qweasdzxc", "qweasd123", "qazwsxedc", "qazwsx123", "zaqxswcde", "zaq12wsx",
            "1q2w3e4r5t", "q1w2e3r4t5", "qwer1234", "asdf1234", "zxcv1234", "1234qwer",
            "12345qwert", "123qweasd", "123qweasdzxc", "qwe123qwe", "123qwe123", "asdfjkl1",
            "147258369", "159357456", "741852963", "963852741", "789456123", "159753456",
            "14789632", "12369874", "87654321", "11223344", "1122334455", "112233445566",
        ]
        return paths
    }

    /// One character over and over, short patterns repeated, and years in pairs.
    private static func repetitions() -> [String] {
        var entries: [String] = []
        for character in "abcdefghijklmnopqrstuvwxyz0123456789*.!" {
            entries += (8...16).map { String(repeating: character, count: $0) }
        }
        for unit in [
            "12", "21", "ab", "xy", "qw", "69", "13", "99", "01", "10", "abc", "123", "321",
            "xyz", "qwe", "asd", "zxc", "1234", "4321", "abcd", "qwer", "asdf", "1212", "aabb",
            "lol",
            "haha", "blah", "test", "love", "pass", "abc123", "qwerty", "12345", "54321",
        ] {
            entries += (2...6).map { String(repeating: unit, count: $0) }
        }
        for year in 1950...2030 { entries += ["\(year)\(year)", "pass\(year)", "love\(year)"] }
        for digit in 0...9 { entries.append(String(repeating: "\(digit)", count: 4) + "0000") }
        return entries
    }
}
