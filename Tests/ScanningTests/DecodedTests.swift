// Encoded values through whole scans: reported with their decoders, and read again from where a report says they are.

import Foundation
import Matching
import Model
import Secrets
import Testing

@testable import Scanning

@Suite struct DecodedTests {
  private var random = Seeded(state: 41)

  private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  /// Every way in which one scan of a repository hides a value.
  private func encodings(_ value: String) -> [(name: String, text: Data, decoders: [Decoder])] {
    let wide = Data(("key = " + value + "\r\n").utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    func units(_ format: String) -> String { value.utf8.map { String(format: format, $0) }.joined() }
    return [
      ("base64", Data("a: \(base64("xy " + value))\n".utf8), [.base64]),
      ("twice", Data("a: \(base64("x " + base64("y " + value)))\n".utf8), [.base64, .base64]),
      ("hex", Data("0x\(units("%02x"))\n".utf8), [.hex]), ("percent", Data("?k=\(units("%%%02X"))\n".utf8), [.percent]),
      ("escape", Data("{\"k\": \"\(units("\\u%04x"))\"}\n".utf8), [.escape]),
      ("html", Data("<b>\(units("&#%d;"))</b>\n".utf8), [.html]), ("utf16", Data([0xff, 0xfe]) + wide, [.utf16]),
      ("concat", Data("k = \"\(value.prefix(13))\" +\n  \"\(value.dropFirst(13))\"\n".utf8), [.concat]),
    ]
  }

  private func write(_ data: Data, to file: String, in history: TestHistory) throws {
    try data.write(to: URL(filePath: history.path + "/" + file))
    try history.git(["add", "--", file])
  }

  @Test mutating func everyDecoderInAHistory() throws {
    let history = try TestHistory()
    var wanted: [(value: String, name: String, decoders: [Decoder])] = []
    for index in 0..<8 {
      let value = TestRule.value(&random)
      let encoding = encodings(value)[index]
      try write(encoding.text, to: encoding.name, in: history)
      try history.git(["commit", "-q", "-m", encoding.name])
      wanted.append((value, encoding.name, encoding.decoders))
    }
    try history.git(["rm", "-q", "twice"])
    try history.git(["commit", "-q", "-m", "gone"])
    let report = try history.scan()
    #expect(report.findings.count == wanted.count && !report.coverage.isIncomplete)
    for (value, name, decoders) in wanted {
      let finding = try #require(report.finding(value), "\(name)")
      let place = try #require(finding.occurrences.first)
      #expect(finding.occurrences.count == 1 && place.decoders == decoders && place.path == BytePath(name))
      #expect(place.atHead == (name != "twice") && (place.removed == nil) == (name != "twice"))
      #expect(place.introduced?.subject == name)
      #expect(try Locator.read(place, in: history.path).copyBytes() == Array(value.utf8), "\(name)")
    }
  }

  @Test mutating func everyDecoderInADirectory() throws {
    let directory = NSTemporaryDirectory() + "keywright-decoded-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let value = TestRule.value(&random)
    for encoding in encodings(value) { try encoding.text.write(to: URL(filePath: directory + "/" + encoding.name)) }
    let report = try Scanner.directory(directory, program: TestRule.program)
    let finding = try #require(report.finding(value))
    #expect(report.findings.count == 1 && finding.occurrences.count == 8)
    for place in finding.occurrences {
      #expect(try Locator.read(place, in: directory).copyBytes() == Array(value.utf8), "\(place.path)")
    }
    // What a report names, but is not there any more, is an error and not another value.
    var place = try #require(finding.occurrences.first { $0.decoders == [.base64] })
    place.offset = 0
    #expect(throws: LocatorError.self) { try Locator.read(place, in: directory) }
  }

  @Test mutating func tooDeepIsSaid() throws {
    var text = " " + TestRule.value(&random)
    for _ in 0..<12 { text = base64(text) }
    let report = try Scanner.stream(name: "-", bytes: Array(text.utf8), program: TestRule.program)
    #expect(report.findings.isEmpty && report.skips(.matchLimit) == 1 && report.coverage.isIncomplete)
  }
}
