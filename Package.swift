// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// Loops over pixels are a hundred times slower without optimisation, and the tests run them for hours of pictures.
let fast: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
// SQLite's own functions, as GRDB has them.
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let http: [Target.Dependency] = [
    .product(name: "AsyncHTTPClient", package: "async-http-client"), .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
// A real receiver for the tests.
let server: [Target.Dependency] = ["NIOCore", "NIOHTTP1", "NIOPosix"].map { .product(name: $0, package: "swift-nio") }
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func test(_ target: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = []) -> Target {
    .testTarget(
        name: "\(target)Tests", dependencies: [.init(stringLiteral: target), "TestSupport"] + dependencies,
        swiftSettings: strict + settings)
}

let package = Package(
    name: "gridwarden",
    products: [.executable(name: "gridwarden", targets: ["gridwarden"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat libavcodec libswscale libavutil",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev", "libavutil-dev"])]),
        .systemLibrary(name: "CFreeType", pkgConfig: "freetype2", providers: [.apt(["libfreetype-dev"])]),
        .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libssl libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CThread"),
        // The files of the pages.
        .target(name: "CAssets"),
        .target(name: "CProcess"),
        // Without optimisation its convolutions are three times slower than those that they replace.
        .target(
            name: "COpenCV",
            cxxSettings: [
                .unsafeFlags(["-I/usr/include/opencv4"]), .unsafeFlags(["-O2"], .when(configuration: .debug)),
            ],
            linkerSettings: ["core", "imgproc", "dnn"].map { .linkedLibrary("opencv_\($0)") }),

        .target(name: "Threading", dependencies: ["CThread"], swiftSettings: strict),
        // Values, which every other room may know. Built without optimisation in debug, so what Analytics calls in its loops is
        // `@inlinable`: its tests are a fifth slower otherwise.
        .target(name: "Domain", resources: [.embedInCode("Kinds/kinds.json")], swiftSettings: strict),
        .target(name: "Analytics", dependencies: ["Domain"], swiftSettings: strict + fast),
        .target(name: "Hashing", dependencies: ["CCrypto"], swiftSettings: strict),
        // What every long-running role needs.
        .target(
            name: "Runtime", dependencies: ["CProcess", "CZlib", "Threading", logging, lifecycle], swiftSettings: strict
        ),
        .target(
            name: "Video", dependencies: ["CFFmpeg", "Threading", "Hashing", "Domain", "Analytics"],
            swiftSettings: strict),
        .target(
            name: "Inference", dependencies: ["COpenCV", "Threading", "Hashing", "Video", "Domain", "Analytics"],
            swiftSettings: strict + fast),
        .target(
            name: "Evidence",
            dependencies: [
                "CFreeType", "Threading", "Hashing", "Runtime", "Video", "Inference", "Domain", "Analytics",
            ],
            swiftSettings: strict),
        // What travels, in both directions.
        .target(name: "Contract", dependencies: ["Hashing", "Domain"], swiftSettings: strict),
        .target(
            name: "MQTT", dependencies: ["CMosquitto", "COpenSSL", "Threading", "Runtime", "Domain", "Contract"],
            swiftSettings: strict),
        .target(
            name: "Store", dependencies: ["Hashing", "Domain", "Analytics", "Contract", grdb, sqlite],
            swiftSettings: strict),
        // The other database of SQL, for a centre.
        .target(
            name: "Postgres", dependencies: ["CPostgres", "Threading", "Runtime", "Store"], swiftSettings: strict + fast
        ),
        .target(
            name: "Delivery",
            dependencies: [
                "Threading", "Hashing", "Runtime", "Domain", "Contract", "MQTT", "Store", logging,
            ] + http, swiftSettings: strict),
        // The page of the box, and its API.
        .target(
            name: "Console",
            dependencies: [
                "CAssets", "Threading", "Hashing", "Runtime", "Domain", "Analytics", "SiteConfiguration", "Contract",
                "Store",
                logging, lifecycle,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            exclude: ["Assets"], swiftSettings: strict),
        // The search for cameras in a network.
        .target(name: "Discovery", swiftSettings: strict),
        // Not called Configuration: a package that the HTTP client needs has a module of that name.
        .target(
            name: "SiteConfiguration", dependencies: ["Domain", "Analytics", "Runtime", "Yams"],
            path: "Sources/Configuration", swiftSettings: strict),
        .target(
            name: "Pipeline",
            dependencies: [
                "Threading", "Hashing", "Runtime", "Domain", "Analytics", "Video", "Inference", "Evidence", logging,
            ],
            swiftSettings: strict),
        .target(
            name: "Edge",
            dependencies: [
                "Threading", "Hashing", "Runtime", "Domain", "Analytics", "SiteConfiguration", "Video",
                "Inference", "Pipeline", "Evidence", "Contract", "MQTT", "Store", "Delivery", "Console", "Discovery",
                logging, lifecycle, signals,
            ], swiftSettings: strict),
        // A centre reads thousands of messages a second: like loops over pixels, that is too slow without optimisation.
        .target(
            name: "Centre",
            dependencies: [
                "Threading", "Hashing", "Runtime", "Domain", "SiteConfiguration", "Contract", "MQTT", "Store",
                "Postgres", "Delivery", "Console", logging, lifecycle, signals,
            ],
            exclude: ["Assets"], swiftSettings: strict + fast),
        .target(
            name: "Bench",
            dependencies: ["Hashing", "Runtime", "Domain", "Analytics", "Video", "Inference", "Evidence", "Pipeline"],
            swiftSettings: strict),
        .executableTarget(
            name: "gridwarden",
            dependencies: [
                "Domain", "Analytics", "Hashing", "SiteConfiguration", "Runtime", "Contract", "MQTT", "Store",
                "Postgres",
                "Video", "Inference", "Evidence", "Pipeline", "Edge", "Centre", "Bench", arguments, logging,
            ], swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Domain", "Analytics", "Threading"] + server, path: "Tests/TestSupport",
            exclude: ["rtsp_server.py", "quirky_camera.py"], swiftSettings: strict + fast),
        // What tests of pictures share, and what links libav and OpenCV.
        .target(
            name: "PipelineSupport",
            dependencies: ["Hashing", "Domain", "Analytics", "Video", "Inference", "TestSupport"],
            path: "Tests/PipelineSupport", swiftSettings: strict + fast),
        // A whole site in a test, and what it has in place of the world.
        .target(
            name: "EdgeSupport",
            dependencies: [
                "Domain", "Analytics", "Threading", "Video", "Inference", "Pipeline", "Contract", "MQTT", "Edge",
                "TestSupport", "PipelineSupport", logging, lifecycle, signals,
            ], path: "Tests/EdgeSupport", swiftSettings: strict),
        .testTarget(
            name: "TestSupportTests", dependencies: ["TestSupport", "Threading"], swiftSettings: strict),
        test("Analytics", ["Domain"], settings: fast),
        test("Domain", ["Analytics"]),
        test("Video", ["CFFmpeg", "Threading", "Domain", "Analytics"]),
        test("Inference", ["Hashing", "Video", "Domain", "Analytics"]),
        test("Runtime", ["Evidence"]),
        test("Discovery", ["Threading"]),
        .testTarget(
            name: "ConsoleTests",
            dependencies: [
                "Console", "TestSupport", "Threading", "Hashing", "Runtime", "Domain", "Analytics", "SiteConfiguration",
                "Contract", "Store", logging, lifecycle, .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            exclude: [
                "accessibility.py", "axe.py", "chromium.py", "draw.py", "look.py", "manage.py", "newcomer.py",
                "proxied.py", "walk.py",
            ], swiftSettings: strict),
        test(
            "Pipeline",
            [
                "PipelineSupport", "Domain", "Analytics", "Evidence", "Inference", "Video", "Hashing", "Threading",
                logging,
            ]),
        test("Evidence", ["PipelineSupport", "Hashing", "Video", "Inference", "Domain", "Analytics"]),
        test(
            "Delivery",
            ["Domain", "Analytics", "Hashing", "Runtime", "Contract", "MQTT", "Store", grdb, logging]),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["SiteConfiguration", "TestSupport", "Domain", "Analytics"],
            swiftSettings: strict),
        test(
            "Edge",
            [
                "Domain", "Analytics", "SiteConfiguration", "Console", "Contract", "Hashing", "MQTT", "Store",
                "Delivery",
                "Evidence",
                "Inference", "Pipeline", "PipelineSupport", "EdgeSupport", "Runtime", "Video", "Threading", logging,
                lifecycle,
            ]),
        .testTarget(
            name: "CentreTests",
            dependencies: [
                "Centre", "TestSupport", "Domain", "Hashing", "Runtime", "Contract", "MQTT", "Store", "Postgres",
                "SiteConfiguration", "Console", logging, lifecycle,
            ], exclude: ["desk.py"], swiftSettings: strict),
        test(
            "Bench",
            [
                "Threading", "Domain", "Analytics", "Inference", "Video", "Evidence", "Pipeline", "Edge",
                "SiteConfiguration", "PipelineSupport",
            ],
            settings: fast),
        .executableTarget(
            name: "chaos-writer",
            dependencies: ["Domain", "Analytics", "Contract", "MQTT", "Store", "Delivery", "TestSupport", logging],
            path: "Tests/Chaos", swiftSettings: strict),
        .testTarget(
            name: "ChaosTests",
            dependencies: [
                "chaos-writer", "gridwarden", "Domain", "Analytics", "Contract", "MQTT", "Store", "Delivery",
                "TestSupport",
            ],
            swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: ["Domain", "Analytics", "SiteConfiguration", "Contract", "Video", "TestSupport"],
            path: "Tests/Fuzz/Targets", swiftSettings: strict),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets", "Domain", "Video", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "DeployTests", dependencies: ["Domain", "Analytics", "Runtime", "MQTT", "Contract", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "gridwarden", "TestSupport", "Domain", "Analytics", "Hashing", "Contract", "MQTT", "Store", "Evidence",
                "Edge", "Runtime", "SiteConfiguration", "Video", grdb, logging,
            ],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

// `make fuzz` names libFuzzer's archive, which the toolchain has; nobody else builds this.
if let library = Context.environment["GRIDWARDEN_FUZZER"] {
    package.targets.append(
        .executableTarget(
            name: "gridwarden-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Driver", swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-Xlinker", library]), .linkedLibrary("stdc++")]))
}
