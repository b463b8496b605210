// Archives: what lies in them is found at its place, whatever they are packed with, and hostile ones end soon and are told.

import Foundation
import Git
import Matching
import Model
import RuleBook
import Secrets
import Testing

@testable import Scanning

private let rule = Rule(
  id: RuleID("acme-key"), provider: "acme", name: "Acme key", severity: .high, confidence: .structure,
  literals: ["acme_"], pattern: "(?<![0-9A-Za-z_])acme_[0-9a-f]{32}(?![0-9A-Za-z_])", width: 40, source: "")

private func key() -> String { "acme_" + UUID().uuidString.lowercased().replacing("-", with: "") }

/// Builds archives byte by byte, so that their headers can lie.
private enum Pack {
  static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> ($0 * 8) & 255) } }

  /// A deflate stream of stored blocks.
  static func deflated(_ content: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = []
    var at = 0
    repeat {
      let part = content[at..<min(content.count, at + 65_535)]
      at += part.count
      stream.append(at == content.count ? 1 : 0)
      stream += little(part.count, 2) + little(~part.count & 0xffff, 2) + part
    } while at < content.count
    return stream
  }

  /// A zip file of these entries; `method` 0 or 8. `size` and `count` may be other than the truth.
  static func zip(
    _ entries: [(name: String, content: [UInt8])], method: Int = 8, size: Int? = nil, flags: Int = 0
  ) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content) in entries {
      let packed = method == 8 ? deflated(content) : content
      let title = Array(name.utf8)
      var facts = little(20, 2)
      for (value, count) in [
        (flags, 2), (method, 2), (0, 8), (packed.count, 4), (size ?? content.count, 4), (title.count, 2), (0, 2),
      ] {
        facts += little(value, count)
      }
      for part in [little(0x0201_4b50, 4), little(20, 2), facts, little(0, 10), little(file.count, 4), title] {
        directory += part
      }
      for part in [little(0x0403_4b50, 4), facts, title, packed] { file += part }
    }
    return file + directory + end(entries.count, directory.count, file.count)
  }

  private static func end(_ entries: Int, _ directory: Int, _ start: Int) -> [UInt8] {
    var end = little(0x0605_4b50, 4)
    for (value, count) in [(0, 4), (entries, 2), (entries, 2), (directory, 4), (start, 4), (0, 2)] {
      end += little(value, count)
    }
    return end
  }

  static func tar(_ entries: [(name: String, content: [UInt8])], size: Int? = nil) -> [UInt8] {
    var file: [UInt8] = []
    for (name, content) in entries {
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, _ at: Int) { for (index, byte) in text.utf8.enumerated() { header[at + index] = byte } }
      put(String(name.prefix(100)), 0)
      put("0000644", 100)
      let digits = String(size ?? content.count, radix: 8)
      put(String(repeating: "0", count: 11 - digits.count) + digits, 124)
      put("ustar", 257)
      header[156] = 0x30
      for at in 148..<156 { header[at] = 0x20 }
      let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
      put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", 148)
      file += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
    return file + [UInt8](repeating: 0, count: 1_024)
  }

  static func gzip(_ content: [UInt8], name: String? = nil) -> [UInt8] {
    var crc: UInt32 = 0xffff_ffff
    for byte in content {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    let title: [UInt8] = name.map { Array($0.utf8) + [0] } ?? []
    var file: [UInt8] = [0x1f, 0x8b, 8, title.isEmpty ? 0 : 8, 0, 0, 0, 0, 0, 3]
    file += title
    file += deflated(content)
    file += little(Int(~crc), 4)
    file += little(content.count, 4)
    return file
  }

  static func zlib(_ content: [UInt8]) -> [UInt8] {
    var (a, b) = (1, 0)
    for byte in content {
      a = (a + Int(byte)) % 65_521
      b = (b + a) % 65_521
    }
    var file: [UInt8] = [0x78, 0x01]
    file += deflated(content)
    file += little(b << 16 | a, 4).reversed()
    return file
  }

  /// A deflate stream that grows a thousandfold: one literal, and copies of it.
  static func bomb(_ count: Int) -> [UInt8] {
    var bits: [UInt8] = []
    var held = 0
    var width = 0
    func put(_ value: Int, _ count: Int) {
      held |= value << width
      width += count
      while width >= 8 {
        bits.append(UInt8(held & 255))
        held >>= 8
        width -= 8
      }
    }
    func reversed(_ value: Int, _ count: Int) -> Int {
      (0..<count).reduce(0) { $0 | (value >> $1 & 1) << (count - 1 - $1) }
    }
    put(1, 1)
    put(1, 2)
    put(reversed(0x30 + 0x61, 8), 8)
    // Length 258, distance 1, in the fixed codes.
    for _ in 0..<count / 258 {
      put(reversed(0xc5, 8), 8)
      put(0, 5)
    }
    put(0, 7)
    put(0, 7)
    return bits
  }

  static func zip(packed: [UInt8], size: Int) -> [UInt8] {
    let title = Array("bomb.txt".utf8)
    var facts = little(20, 2)
    for (value, count) in [(0, 2), (8, 2), (0, 8), (packed.count, 4), (size, 4), (title.count, 2), (0, 2)] {
      facts += little(value, count)
    }
    let directory = [little(0x0201_4b50, 4), little(20, 2), facts, little(0, 14), title].flatMap { $0 }
    let file = [little(0x0403_4b50, 4), facts, title, packed].flatMap { $0 }
    return file + directory + end(1, directory.count, file.count)
  }
}

@Suite struct ArchiveTests {
  private static let program = MatcherProgram([rule])

  private func scan(_ bytes: [UInt8], name: String = "app.bin", maximum: Int = 8 << 20) throws -> ScanReport {
    var options = ScanOptions()
    options.opensArchives = true
    options.maximumBlobBytes = maximum
    return try Scanner.stream(name: name, bytes: bytes, program: ArchiveTests.program, options: options)
  }

  private func places(_ report: ScanReport) -> [String] {
    report.findings.flatMap(\.occurrences).map { "\($0.path):\($0.line):\($0.column)" }.sorted()
  }

  @Test func membersOfEveryFormatAreFoundAtTheirPlace() throws {
    let value = key()
    let content = Array("# settings\nKEY=\(value)\n".utf8)
    let files = [("config/app.env", content), ("README", Array("hello".utf8))]
    let archives: [(String, [UInt8], String)] = [
      ("a.zip", Pack.zip(files), "a.zip!config/app.env"), ("b.jar", Pack.zip(files, method: 0), "b.jar!config/app.env"),
      ("c.tar", Pack.tar(files), "c.tar!config/app.env"), ("d.tgz", Pack.gzip(Pack.tar(files)), "d.tgz!config/app.env"),
      ("e.gz", Pack.gzip(content, name: "app.env"), "e.gz!app.env"), ("f.z", Pack.zlib(content), "f.z!content"),
      ("g.zip", Pack.zip([("inner.tar", Pack.tar(files))]), "g.zip!inner.tar!config/app.env"),
    ]
    for (name, bytes, path) in archives {
      let report = try scan(bytes, name: name)
      #expect(places(report) == ["\(path):2:5"], "\(name): \(places(report)) \(report.coverage.skips)")
      #expect(!report.coverage.isIncomplete, "\(name): \(report.coverage.skips)")
      let found = try #require(report.findings.first?.occurrences.first)
      #expect(found.member != nil && found.containerPath == BytePath(name))
    }
  }

  @Test func withoutBeingAskedNothingIsOpened() throws {
    let bytes = Pack.gzip(Array("KEY=\(key())\n".utf8))
    let report = try Scanner.stream(name: "x.gz", bytes: bytes, program: MatcherProgram([rule]))
    // Stored blocks leave the text as it is; its place is then that of the file.
    #expect(report.findings.flatMap(\.occurrences).allSatisfy { $0.member == nil })
  }

  /// What comes out of an archive, in bytes, and what is said of the rest.
  private func walk(_ bytes: [UInt8], maximum: Int) -> (count: Int, omissions: [String]) {
    var walk = ArchiveWalk(bytes.span, maximumBytes: maximum)
    var count = 0
    _ = walk.walk(bytes.span) { _, content in count += content.count }
    return (count, walk.omissions.map(\.reason))
  }

  @Test func bombsEndAndAreTold() throws {
    let bomb = Pack.zip(packed: Pack.bomb(16 << 20), size: 16 << 20)
    #expect(bomb.count < 1 << 18)
    let report = try scan(bomb, maximum: 1 << 20)
    #expect(report.coverage.isIncomplete)
    #expect(report.coverage.skips.contains { $0.reason == .archive && $0.detail.contains("grows") })
    // A claim of a small size, or of none, is no way round the limit.
    #expect(walk(Pack.zip(packed: Pack.bomb(16 << 20), size: 10), maximum: 1 << 20).count == 0)
    var nested = Pack.zip([("key", Array("deep down".utf8))])
    for _ in 0..<20 { nested = Pack.zip([("a", nested)], method: 0) }
    #expect(walk(nested, maximum: 1 << 20).omissions.contains { $0.contains("deep") })
  }

  @Test func manySmallBombsShareOneBudget() throws {
    let inner = Pack.zip(packed: Pack.bomb(3 << 20), size: 3 << 20)
    let many = Pack.zip((0..<60).map { ("bomb\($0).zip", inner) }, method: 0)
    let result = walk(many, maximum: 4 << 20)
    #expect(result.omissions.contains { $0.contains("more than is read") })
    #expect(result.count <= many.count * ArchiveLimits.growth + ArchiveLimits.allowance)
    // One damaged stream under many names is work each time, and that is counted, too.
    let entries = Pack.zip((0..<500).map { ("x\($0)", [UInt8](repeating: 7, count: 64)) })
    #expect(walk(entries, maximum: 1 << 20).count == 500 * 64)
  }

  @Test func sizesThatLieChangeNothing() throws {
    let value = key()
    let content = Array("KEY=\(value)\n".utf8)
    for size in [0, 1, 0xffff_ffff, 0x7fff_ffff] {
      let report = try scan(Pack.zip([("a.env", content)], size: size), name: "a.zip")
      #expect(places(report) == ["a.zip!a.env:1:5"], "size \(size)")
    }
    let tar = try scan(Pack.tar([("a.env", content)], size: 1 << 32), name: "a.tar")
    #expect(tar.coverage.skips.contains { $0.detail.contains("not all there") })
  }

  @Test func namesAreLabelsAndNothingElse() throws {
    let value = key()
    let content = Array("KEY=\(value)\n".utf8)
    for name in ["../../etc/passwd", "/etc/shadow", "a\u{0}b", "C:\\x", String(repeating: "n", count: 5_000)] {
      let report = try scan(Pack.zip([(name, content)]), name: "a.zip")
      if name.utf8.count < 4_096 {
        #expect(places(report) == ["a.zip!\(name):1:5"])
      } else {
        #expect(report.coverage.skips.contains { $0.detail.contains("name") })
      }
    }
  }

  @Test func whatIsCutOffAnywhereNeitherHangsNorTraps() throws {
    let files = [("one.env", Array("KEY=\(key())\n".utf8)), ("two.env", [UInt8](repeating: 0x61, count: 700))]
    let archives = [Pack.zip(files), Pack.zip(files, method: 0), Pack.tar(files), Pack.gzip(Pack.tar(files))]
    var random = SystemRandomNumberGenerator()
    for archive in archives {
      for count in stride(from: 0, to: archive.count, by: 37) { _ = try scan(Array(archive[..<count])) }
      for _ in 0..<200 {
        var damaged = archive
        for _ in 0..<4 {
          damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        _ = try scan(damaged)
      }
    }
  }

  @Test func encryptedAndUnknownEntriesAreTold() throws {
    let files = [("a.env", Array("KEY=\(key())\n".utf8))]
    let encrypted = try scan(Pack.zip(files, flags: 1))
    #expect(encrypted.coverage.skips.contains { $0.detail.contains("encrypted") })
    let unknown = try scan(Pack.zip(files, method: 12))
    #expect(unknown.coverage.skips.contains { $0.detail.contains("compression") })
  }

  @Test func valuesAreReadAgainFromTheirMember() throws {
    let value = key()
    let folder = FileManager.default.temporaryDirectory.appending(path: "keywright-archive-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let bytes = Pack.zip([("in.tar", Pack.tar([("x/.env", Array("A=1\nKEY=\(value)\n".utf8))]))])
    try Data(bytes).write(to: folder.appending(path: "a.zip"))
    var options = ScanOptions()
    options.opensArchives = true
    let report = try Scanner.directory(folder.path, program: MatcherProgram([rule]), options: options)
    let place = try #require(report.findings.first?.occurrences.first)
    #expect(place.path == BytePath("a.zip!in.tar!x/.env"))
    let again = try Locator.read(place, in: folder.path)
    #expect(again.copyBytes() == Array(value.utf8))
  }
}
