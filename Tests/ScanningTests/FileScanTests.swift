// Scans of files as they are.

import Foundation
import Model
import Secrets
import Testing

@testable import Scanning

@Suite struct FileScanTests {
  private var random = Seeded(state: 17)

  @Test mutating func aDirectory() throws {
    let (value, other) = (TestRule.value(&random), TestRule.value(&random))
    let path = NSTemporaryDirectory() + "keywright-dir-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    let manager = FileManager.default
    for directory in ["/a/b", "/.git"] {
      try manager.createDirectory(atPath: path + directory, withIntermediateDirectories: true)
    }
    try "\n\n  key: \(value)\n\(value)\n".write(toFile: path + "/a/b/c.yml", atomically: false, encoding: .utf8)
    try "\(other)\n".write(toFile: path + "/.git/config", atomically: false, encoding: .utf8)
    try "\(other)\n".write(toFile: path + "-outside", atomically: false, encoding: .utf8)
    defer { try? manager.removeItem(atPath: path + "-outside") }
    try manager.createSymbolicLink(atPath: path + "/link", withDestinationPath: path + "-outside")
    let report = try Scanner.directory(path, program: TestRule.program)
    #expect(report.findings.count == 1 && report.coverage.blobs == 1 && report.mode == "directory")
    let places = try #require(report.finding(value)).occurrences
    #expect(places.map(\.line) == [3, 4] && places.map(\.column) == [8, 1])
    #expect(places.allSatisfy { $0.path == BytePath("a/b/c.yml") && $0.object == nil })
    for place in places { #expect(try Locator.read(place, in: path).copyBytes() == Array(value.utf8)) }
    var options = ScanOptions()
    options.maximumBlobBytes = 10
    let small = try Scanner.directory(path, program: TestRule.program, options: options)
    #expect(small.findings.isEmpty && small.skips(.tooLarge) == 1)
    let single = try Scanner.directory(path + "/a/b/c.yml", program: TestRule.program)
    let place = try #require(single.finding(value)?.occurrences.first)
    #expect(try Locator.read(place, in: path + "/a/b/c.yml").copyBytes() == Array(value.utf8))
    #expect(throws: ScanError.self) { try Scanner.directory(path + "/none", program: TestRule.program) }
  }

  @Test mutating func aStream() throws {
    let value = TestRule.value(&random)
    let report = try Scanner.stream(name: "-", bytes: Array("a \(value) b".utf8), program: TestRule.program)
    #expect(report.finding(value)?.occurrences.map(\.column) == [3])
    #expect(report.mode == "stdin" && report.target == "-")
    let again = try Scanner.stream(name: "-", bytes: Array("a \(value) b".utf8), program: TestRule.program)
    #expect(again.findings.map(\.fingerprint) == report.findings.map(\.fingerprint))
    #expect(Scanner.fingerprintKey(of: "-", mode: "stdin")?.id == report.fingerprintKey)
    #expect(try Scanner.stream(name: "-", bytes: [], program: TestRule.program).findings.isEmpty)
  }

  @Test mutating func aChangedFileIsNotTaken() throws {
    let value = TestRule.value(&random)
    let report = try Scanner.stream(name: "f", bytes: Array(value.utf8), program: TestRule.program)
    var place = try #require(report.finding(value)?.occurrences.first)
    place.length = 1 << 40
    let path = NSTemporaryDirectory() + "keywright-file-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    try value.write(toFile: path, atomically: false, encoding: .utf8)
    #expect(throws: LocatorError.self) { try Locator.read(place, in: path) }
  }
}
