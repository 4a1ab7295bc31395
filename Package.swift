// swift-tools-version: 6.3
import Foundation
import PackageDescription

// The one list of compiler settings. SwiftPM ignores a misspelt upcoming feature without a word, so
// Tests/TidyTests/FeatureFlagTests.swift fails to compile when one of these is not really on.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

var package = Package(
    name: "countersign",
    products: [.executable(name: "countersign", targets: ["Program"])],
    dependencies: [
        // Without the default traits: no swift-configuration, and FoundationEssentials suffices.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CCrypt"),
        .systemLibrary(name: "CSodium"),
        .systemLibrary(name: "CZlib"),
        .target(name: "CHash"),
        .target(name: "CAssets"),
        .target(name: "WebUI", exclude: ["web"]),
        .target(
            name: "Persistence", dependencies: ["CHash", "CZlib", crypto], swiftSettings: settings),
        .target(
            name: "Actors",
            dependencies: [
                "CCrypt", "CSodium", "Persistence", crypto,
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings),
        .target(
            name: "App",
            dependencies: [
                "Actors", "CAssets", "CZlib", "NATS", "Persistence", "Replication", "WebUI", crypto,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings),
        .executableTarget(name: "Program", dependencies: ["App"], swiftSettings: settings),
        // A client of NATS and JetStream, and the log of a cluster on top of it: docs/cluster.md.
        .target(
            name: "NATS",
            dependencies: [
                crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        .target(
            name: "Replication",
            dependencies: [
                "NATS", "Persistence", crypto, .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["Actors", "Persistence"], path: "Tests/TestSupport",
            swiftSettings: settings),
        // The server's own storage code over a simulated disk: docs/simulation.md.
        .target(
            name: "StorageSimulation", dependencies: ["Actors", "Persistence", "TestSupport"],
            path: "Tests/StorageSimulation", swiftSettings: settings),
        .testTarget(
            name: "PersistenceTests",
            dependencies: ["Persistence", "StorageSimulation", "TestSupport"],
            swiftSettings: settings),
        // The log of a cluster over a simulated engine and network: docs/simulation.md.
        .target(
            name: "ReplicationSimulation",
            dependencies: ["Persistence", "Replication", "StorageSimulation"],
            path: "Tests/ReplicationSimulation", swiftSettings: settings),
        // What the tests with real NATS servers drive: Tests/cluster.
        .executableTarget(
            name: "ReplicaTool",
            dependencies: [
                "NATS", "Persistence", "Replication", crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/ReplicaTool", swiftSettings: settings),
        .testTarget(
            name: "NATSTests",
            dependencies: [
                "NATS", crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ReplicationTests",
            dependencies: [
                "NATS", "Persistence", "Replication", "ReplicationSimulation", crypto,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ActorsTests", dependencies: ["Actors", "Persistence", "TestSupport", crypto],
            swiftSettings: settings),
        .testTarget(
            name: "AppTests",
            dependencies: [
                "App", "Actors", "NATS", "Persistence", "Replication", "TestSupport",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        // The fuzz targets over their corpora; with the fuzzer they are a program of their own.
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Actors", "App", "Persistence", "Replication", "TestSupport"],
            exclude: ["FuzzEntry.swift", "corpus"], swiftSettings: settings),
        // The house rules, checked like everything else.
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

// The benchmarks are programs of their own, built only for `make bench`.
if ProcessInfo.processInfo.environment["ENABLE_BENCHMARKS"] != nil {
    package.products += [.executable(name: "countersign-load", targets: ["Load"])]
    package.dependencies += [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0")
    ]
    package.targets += [
        .target(
            name: "LoadCore",
            dependencies: [crypto, .product(name: "Histogram", package: "hdrhistogram-swift")],
            path: "Benchmarks/LoadCore", swiftSettings: settings),
        .executableTarget(
            name: "Load",
            dependencies: [
                "LoadCore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/Load", swiftSettings: settings),
        .testTarget(name: "LoadCoreTests", dependencies: ["LoadCore"], swiftSettings: settings),
        .executableTarget(
            name: "BareRoute",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Benchmarks/BareRoute", swiftSettings: settings),
        .executableTarget(
            name: "LogAppends", dependencies: ["Persistence"], path: "Benchmarks/LogAppends",
            swiftSettings: settings),
        .executableTarget(
            name: "Micro",
            dependencies: [
                "Actors", "App", "Persistence", "TestSupport", crypto,
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Benchmarks/Micro", swiftSettings: settings),
        .executableTarget(
            name: "SeedUsers", dependencies: ["Actors", "Persistence"],
            path: "Benchmarks/SeedUsers", swiftSettings: settings),
    ]
}

// `make simulate` and `make mutants` concern storage alone, and need not build a server for it.
if ProcessInfo.processInfo.environment["ENABLE_SIMULATION"] != nil {
    let storage = [
        "CCrypt", "CSodium", "CZlib", "CHash", "Persistence", "Actors", "TestSupport",
        "StorageSimulation", "PersistenceTests",
    ]
    package.products = []
    package.targets.removeAll { !storage.contains($0.name) }
    // Without the checks of exclusive access: `swift test` runs the same code with them.
    for target in package.targets where target.name == "StorageSimulation" {
        target.swiftSettings = settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"])]
    }
    package.targets.append(
        .executableTarget(
            name: "Simulation", dependencies: ["StorageSimulation"], path: "Tests/Simulation",
            swiftSettings: settings))
}

// The cluster's log by itself: its tests, its simulation, and the tool that drives real servers.
if ProcessInfo.processInfo.environment["ENABLE_REPLICATION"] != nil {
    let replication = [
        "CCrypt", "CSodium", "CZlib", "CHash", "Persistence", "Actors", "TestSupport", "NATS",
        "Replication", "StorageSimulation", "ReplicationSimulation", "ReplicaTool", "NATSTests",
        "ReplicationTests", "TidyTests",
    ]
    package.products = []
    package.targets.removeAll { !replication.contains($0.name) }
    package.targets.append(
        .executableTarget(
            name: "ReplicaSimulation", dependencies: ["ReplicationSimulation"],
            path: "Tests/ReplicaSimulation", swiftSettings: settings))
}

// What the fuzzer watches is compiled with its instruments, and only for `make fuzz`.
if ProcessInfo.processInfo.environment["ENABLE_FUZZING"] != nil {
    let instruments: [SwiftSetting] = [
        .unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])
    ]
    package.targets.removeAll { $0.type == .test }
    for target in package.targets
    where ["Persistence", "Replication", "Actors", "App"].contains(target.name) {
        target.swiftSettings = settings + instruments
    }
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Actors", "App", "CFuzzer", "Persistence", "Replication", "TestSupport",
            ],
            path: "Tests/FuzzTests", exclude: ["FuzzTests.swift", "corpus"],
            swiftSettings: settings + instruments,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
    ]
}
