import Foundation
import Testing

// SwiftPM ignores a misspelt upcoming feature without a word. This file does not compile unless
// every flag of Package.swift is really on; the test below keeps the two lists equal.

#if !hasFeature(StrictMemorySafety)
#error("strict memory safety is off: see `settings` in Package.swift")
#endif
#if !hasFeature(ExistentialAny)
#error("ExistentialAny is off: see `settings` in Package.swift")
#endif
#if !hasFeature(InternalImportsByDefault)
#error("InternalImportsByDefault is off: see `settings` in Package.swift")
#endif
#if !hasFeature(MemberImportVisibility)
#error("MemberImportVisibility is off: see `settings` in Package.swift")
#endif
#if !hasFeature(InferIsolatedConformances)
#error("InferIsolatedConformances is off: see `settings` in Package.swift")
#endif
#if !hasFeature(NonisolatedNonsendingByDefault)
#error("NonisolatedNonsendingByDefault is off: see `settings` in Package.swift")
#endif
#if !hasFeature(ImmutableWeakCaptures)
#error("ImmutableWeakCaptures is off: see `settings` in Package.swift")
#endif

@Suite("Compiler flags")
struct FeatureFlagTests {
    @Test("every upcoming feature of Package.swift is guarded here against a misspelling")
    func everyFlagIsGuarded() throws {
        let manifest = try Repository.text("Package.swift")
        let guards = try Repository.text("Tests/TidyTests/FeatureFlagTests.swift")
        let names = manifest.matches(of: /enableUpcomingFeature\("(?<name>\w+)"\)/).map(\.name)
        try #require(!names.isEmpty)
        for name in names {
            #expect(guards.contains("#if !hasFeature(\(name))\n"), "\(name) has no guard")
        }
    }

    @Test("every target of ours is compiled with the one list of settings")
    func everyTargetUsesTheSettings() throws {
        let manifest = try Repository.text("Package.swift")
        // Targets of C code have nothing that the list could apply to.
        let isC = /systemLibrary|name: "CHash"|name: "CAssets"|name: "WebUI"/
        let targets = manifest.split(
            separator: /\n\s*\.(?=target\(|executableTarget\(|testTarget\()/
        )
        .dropFirst()
        try #require(!targets.isEmpty)
        for target in targets where target.prefix(80).firstMatch(of: isC) == nil {
            #expect(target.contains("swiftSettings: settings"), "\(target.prefix(80))")
        }
    }
}
