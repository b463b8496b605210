// What programs keep in their settings: every secret is found at its exact place, and nothing beside it.

import Foundation
import Testing

@Suite struct SettingsTests {
  private struct Found {
    var range: Range<Int>
    var rule: String
  }

  /// Scans the files with the program's own rules and confidence.
  private func scan(_ files: [SettingsFile], seed: UInt64) throws -> (missed: [String], alarms: [String], count: Int) {
    let sandbox = try Sandbox()
    let root = sandbox.root + "/files"
    var values = SettingsValues(seed: seed)
    var filled: [String: (text: String, secrets: [Range<Int>], optional: [Range<Int>])] = [:]
    for file in files {
      let content = file.filled(&values)
      #expect(filled.updateValue(content, forKey: file.path) == nil, "two files are called \(file.path)")
      let path = root + "/" + file.path
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try content.text.write(toFile: path, atomically: false, encoding: .utf8)
    }
    let report = try sandbox.keywright("scan", "--dir", root, "--format", "json").json()
    var found: [String: [Found]] = [:]
    for finding in try #require(report["findings"] as? [[String: Any]]) {
      for place in finding["occurrences"] as? [[String: Any]] ?? [] {
        guard let path = place["path"] as? String, let offset = place["offset"] as? Int,
          let length = place["length"] as? Int
        else { continue }
        let rule = finding["rule"] as? String ?? ""
        found[path, default: []].append(Found(range: offset..<offset + length, rule: rule))
      }
    }
    var missed: [String] = []
    var alarms: [String] = []
    for (path, content) in filled {
      let places = found[path, default: []]
      let bytes = Array(content.text.utf8)
      func show(_ range: Range<Int>) -> String {
        let start = bytes[..<range.lowerBound].lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        let end = bytes[range.upperBound...].firstIndex(of: 0x0a) ?? bytes.count
        return "\(path): \(String(decoding: bytes[start..<end].prefix(240), as: UTF8.self))"
      }
      for secret in content.secrets where !places.contains(where: { $0.range == secret }) {
        missed.append(show(secret))
      }
      let wanted = content.secrets + content.optional
      for place in places where !wanted.contains(where: { $0.overlaps(place.range) }) {
        alarms.append("\(place.rule) in " + show(place.range))
      }
    }
    return (missed, alarms, filled.values.reduce(0) { $0 + $1.secrets.count })
  }

  /// What people choose may be a word for all that anyone can tell, so that a few in a hundred may be missed; an alarm has
  /// no such excuse.
  @Test(arguments: [
    ("logins", loginFiles), ("clients", clientFiles), ("sites", siteFiles), ("servers", serverFiles),
    ("records", recordFiles), ("hosts", hostFiles), ("shells", shellFiles), ("languages", languageFiles),
    ("homes", homeFiles),
  ])
  func secretsOfSettingsAreFoundInPlace(name: String, files: [SettingsFile]) throws {
    let result = try scan(files, seed: 11)
    #expect(result.count > 50)
    #expect(result.missed.count * 25 <= result.count, "\(name): \(result.missed.sorted().joined(separator: "\n"))")
    #expect(result.alarms.isEmpty, "\(name): \(result.alarms.sorted().joined(separator: "\n"))")
  }
}
