import Actors
import Testing

@Suite struct PhoneNumberTests {
    @Test("E.164 is accepted", arguments: ["+12345678", "+4915112345678", "+123456789012345"])
    func accepts(text: String) {
        #expect(PhoneNumber(text)?.e164 == text)
    }

    @Test(
        "anything else is not",
        arguments: [
            "", "+", "+1234567", "+1234567890123456", "+0123456789", "4915112345678",
            "004915112345678", "+49 151 12345678", "+49-151-12345678", " +4915112345678",
            "+4915112345678\n", "+49151123456x8", "+٤٩١٥١١٢٣٤٥٦٧٨", "++4915112345678",
        ])
    func refuses(text: String) {
        #expect(PhoneNumber(text) == nil)
    }

    @Test("only the last two digits show, in every way of printing it")
    func masked() throws {
        let number = try #require(PhoneNumber("+4915112345678"))
        #expect(number.masked == "+***********78")
        #expect(number.masked.utf8.count == number.e164.utf8.count)
        for text in ["\(number)", String(reflecting: number), "\([number])"] {
            #expect(!text.contains("4915"))
        }
        var dumped = ""
        dump(number, to: &dumped)
        #expect(!dumped.contains("4915"))
    }
}
