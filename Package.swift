// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6, strict memory safety, and no warning left standing.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // A parser that borrows its input, and a method that returns a span, can be written only with this.
  .enableExperimentalFeature("Lifetimes"),
]

func layer(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
  plugins: [Target.PluginUsage]? = nil
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict, plugins: plugins)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let flyingFox: Target.Dependency = .product(name: "FlyingFox", package: "FlyingFox")

let fuzzed: [Target.Dependency] = [
  "Git", "Model", "Formats", "EnvFiles", "RuleBook", "Report", "Rotation", "Scanning", "Secrets", "TestSupport",
]

let package = Package(
  name: "keywright",
  products: [
    .executable(name: "keywright", targets: ["keywright"]),
    .executable(name: "keywright-authority", targets: ["keywright-authority"]),
    .library(name: "AITBC", targets: ["AITBC"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // C libraries, each imported by exactly one target below.
    // No pkgConfig: libgit2 is opened with dlopen for a repository that needs it.
    .systemLibrary(name: "Clibgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(name: "Cpcre2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "Clibdeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "Csodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    // No pkgConfig: libcurl is opened with dlopen when the first request is made.
    .systemLibrary(name: "Ccurl", providers: [.apt(["libcurl4-openssl-dev"])]),

    // Ground floor.
    layer("Posix"),
    layer("Secrets", ["Csodium"]),
    layer("Model", ["Secrets"]),
    layer("Formats", ["Model", "Secrets"]),
    layer("RuleBook", ["Model", "Formats"]),

    // Scanning wing.
    layer("Git", ["Model", "Posix", "Clibgit2", "Clibdeflate"]),
    layer("Matching", ["Model", "RuleBook", "Cpcre2"]),
    layer("Scanning", ["Model", "Git", "Matching", "RuleBook", "Formats", "Posix", "Secrets"]),

    // Rotation wing.
    layer("Transport", ["Secrets", "Ccurl"]),
    // libpq and libmariadb are opened with dlopen, too, when the first connection is made.
    layer("Databases", ["Secrets", "Transport"]),
    layer("Providers", ["Model", "RuleBook", "Formats", "Transport", "Databases", "Secrets", "Posix"]),
    layer("EnvFiles", ["Model", "Formats", "Posix", "Secrets"]),
    layer("Ledger", ["Model", "Secrets", "Posix", grdb]),
    layer(
      "Rotation",
      ["Model", "Secrets", "Formats", "RuleBook", "Transport", "Providers", "EnvFiles", "Ledger", "Posix"]),

    layer("Report", ["Model", "Formats", "Secrets"], exclude: ["report.schema.json"]),

    // The rule files of Rules/, checked and packed when the package is built.
    .executableTarget(name: "PackRules", dependencies: ["RuleBook", "Matching"], swiftSettings: strict),
    .plugin(
      name: "PackRulesPlugin", capability: .buildTool(), dependencies: ["PackRules"], path: "Sources/PackRulesPlugin"),
    layer("BuiltinRules", ["RuleBook"], plugins: ["PackRulesPlugin"]),

    // The AITBC client library and the key service of the same contract.
    layer("AITBC", ["Secrets", "Transport", "Formats"]),
    layer("KeyAuthority", ["Secrets", grdb, flyingFox], exclude: ["openapi.yaml"]),

    // The two programs.
    .executableTarget(
      name: "keywright",
      dependencies: [
        "Model", "Secrets", "Posix", "Formats", "RuleBook", "BuiltinRules", "Git", "Matching", "Scanning", "Transport",
        "Providers", "EnvFiles", "Ledger", "Rotation", "Report", "AITBC", arguments,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "keywright-authority", dependencies: ["KeyAuthority", "Secrets", arguments], swiftSettings: strict),

    // Speed, on repositories that whoever runs it has on disk: swift run -c release benchmarks REPOSITORY...
    .executableTarget(
      name: "benchmarks", dependencies: ["Git", "Matching", "Model", "RuleBook", "BuiltinRules", "Scanning"],
      path: "Tests/Benchmarks", exclude: ["instructions", "instructions.limits", "peers"], swiftSettings: strict),

    // Tests.
    .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
    .testTarget(
      name: "FuzzTests", dependencies: fuzzed, path: "Tests/Fuzz", exclude: ["Corpus", "Guided", "run"],
      swiftSettings: strict),
    tests("ArchitectureTests", []),
    tests("PosixTests", ["Posix"]),
    tests("SecretsTests", ["Secrets"]),
    tests("ModelTests", ["Model"]),
    tests("FormatsTests", ["Formats", "Secrets"]),
    tests("RuleBookTests", ["RuleBook", "Model"]),
    tests("GitTests", ["Git", "Model", "Clibdeflate", "TestSupport"]),
    tests("MatchingTests", ["Matching", "RuleBook", "BuiltinRules", "Model"]),
    tests("ScanningTests", ["Scanning", "Matching", "RuleBook", "Git", "Model", "Report", "Secrets", "TestSupport"]),
    tests("TransportTests", ["Transport", "Secrets"]),
    tests("ProvidersTests", ["Providers", "Databases", "RuleBook", "Transport", "Model", "Secrets", "Posix"]),
    tests("EnvFilesTests", ["EnvFiles", "Formats", "Posix", "Secrets"]),
    tests("LedgerTests", ["Ledger", "Model", "Secrets", "Posix"]),
    tests(
      "RotationTests",
      [
        "Rotation", "Ledger", "EnvFiles", "Formats", "Providers", "Databases", "RuleBook", "Transport", "Model",
        "Secrets", "Posix",
      ]),
    tests("ReportTests", ["Report", "Model", "Formats", "Secrets"]),
    tests("AITBCTests", ["AITBC", "Transport", "Secrets"]),
    tests("KeyAuthorityTests", ["KeyAuthority", "Secrets", "keywright-authority"]),
    tests("ProgramTests", ["keywright", "keywright-authority", arguments]),
  ]
)

// The fuzz targets as a program for libFuzzer, which needs instrumented modules: built by Tests/Fuzz/run alone.
if Context.environment["KEYWRIGHT_GUIDED_FUZZING"] != nil {
  let others = ["keywright", "keywright-authority", "benchmarks", "PackRules", "PackRulesPlugin", "BuiltinRules"]
  package.products = []
  package.targets.removeAll { $0.type == .test || others.contains($0.name) }
  package.targets.append(
    .executableTarget(
      name: "fuzz", dependencies: fuzzed, path: "Tests/Fuzz", exclude: ["Corpus", "run", "FuzzTests.swift"],
      swiftSettings: strict))
}
