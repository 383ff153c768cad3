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
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
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
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat libavcodec libswscale libavutil",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev", "libavutil-dev"])]),
        .systemLibrary(name: "CFreeType", pkgConfig: "freetype2", providers: [.apt(["libfreetype-dev"])]),
        .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libssl libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CThread"),
        .target(name: "CProcess"),
        // Without optimisation its convolutions are three times slower than those that they replace.
        .target(
            name: "COpenCV",
            cxxSettings: [
                .unsafeFlags(["-I/usr/include/opencv4"]), .unsafeFlags(["-O2"], .when(configuration: .debug)),
            ],
            linkerSettings: ["core", "imgproc", "dnn"].map { .linkedLibrary("opencv_\($0)") }),

        .target(name: "Threading", dependencies: ["CThread"], swiftSettings: strict),
        .target(name: "Analytics", swiftSettings: strict + fast),
        .target(
            name: "Catalogue", dependencies: ["Analytics"], resources: [.embedInCode("kinds.json")],
            swiftSettings: strict),
        .target(name: "Video", dependencies: ["CFFmpeg", "Threading", "Analytics"], swiftSettings: strict),
        .target(
            name: "Inference", dependencies: ["COpenCV", "Threading", "Video", "Analytics"], swiftSettings: strict),
        .target(
            name: "Evidence", dependencies: ["CFreeType", "Threading", "Video", "Inference", "Analytics", "Catalogue"],
            swiftSettings: strict),
        .target(
            name: "Delivery",
            dependencies: ["CMosquitto", "COpenSSL", "Threading", "Analytics", "Catalogue", grdb, logging],
            swiftSettings: strict),
        .target(name: "Configuration", dependencies: ["Analytics", "Catalogue", "Yams"], swiftSettings: strict),
        .target(
            name: "Daemon",
            dependencies: [
                "CProcess", "Analytics", "Catalogue", "Threading", "Video", "Inference", "Evidence", "Delivery",
                "Configuration", logging, lifecycle, signals,
            ], swiftSettings: strict),
        .target(
            name: "Bench", dependencies: ["Analytics", "Catalogue", "Video", "Inference", "Evidence", "Daemon"],
            swiftSettings: strict),
        .executableTarget(
            name: "gridwarden",
            dependencies: [
                "Analytics", "Catalogue", "Configuration", "Delivery", "Inference", "Evidence", "Daemon", "Bench",
                arguments, logging,
            ], swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Analytics", "Threading"], path: "Tests/TestSupport",
            exclude: ["rtsp_server.py", "quirky_camera.py"], swiftSettings: strict + fast),
        .testTarget(
            name: "TestSupportTests", dependencies: ["TestSupport", "Threading"], swiftSettings: strict),
        test("Analytics", settings: fast),
        test("Catalogue"),
        test("Video", ["Threading", "Analytics"]),
        test("Inference", ["Video", "Analytics"]),
        test("Evidence", ["Video", "Inference", "Analytics", "Catalogue"]),
        test("Delivery", ["Analytics", "Catalogue", grdb]),
        test("Configuration", ["Analytics", "Catalogue"]),
        test(
            "Daemon",
            [
                "Analytics", "Catalogue", "Delivery", "Evidence", "Inference", "Video", "Threading", logging, lifecycle,
            ]),
        test("Bench", ["Analytics", "Inference", "Video", "Daemon", "Configuration"], settings: fast),
        .executableTarget(
            name: "chaos-writer", dependencies: ["Analytics", "Catalogue", "Delivery", "TestSupport", logging],
            path: "Tests/Chaos", swiftSettings: strict),
        .testTarget(
            name: "ChaosTests",
            dependencies: ["chaos-writer", "gridwarden", "Analytics", "Catalogue", "Delivery", "TestSupport"],
            swiftSettings: strict),
        .target(
            name: "FuzzTargets", dependencies: ["Analytics", "Configuration", "Delivery", "Video", "TestSupport"],
            path: "Tests/Fuzz/Targets", swiftSettings: strict),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets", "Analytics", "Video", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "DeployTests", dependencies: ["Delivery", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "gridwarden", "TestSupport", "Analytics", "Delivery", "Evidence", "Daemon", "Configuration", "Video",
                logging,
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
