/// The version of this program. CHANGELOG.md says what is in it.
enum Version {
    static let text = "0.1.0"
}
