// One kind of damage after another, each made here: what is wrong is said, what is whole is scanned, and a scan that could
// not read what it was asked for is incomplete.

import Foundation
import Model
import Testing

@testable import Scanning

/// A way of breaking a repository, and what must be said of it.
struct Damage: Sendable, CustomTestStringConvertible {
  /// What a scan must say.
  enum Outcome: Sendable {
    /// A skip for this reason, with this in its words; the value of the newest commit is found all the same.
    case said(SkipReason, String)
    /// Nothing: what is broken is not needed.
    case unneeded
    /// The repository is refused, with this in the words.
    case refused(String)
  }

  var name: String
  var outcome: Outcome
  /// Whether even the value of the newest commit is lost.
  var losesAll = false
  var make: @Sendable (DamagedHistory) throws -> Void
  var testDescription: String { name }
}

/// A repository of a dozen packed commits and a loose one, whose values are known.
final class DamagedHistory {
  let history: TestHistory
  let kept: String
  let packed: [String]
  var top: String { history.path + "/.git/" }

  init(seed: UInt64) throws {
    var random = Seeded(state: seed)
    history = try TestHistory()
    packed = (0..<12).map { _ in TestRule.value(&random) }
    for (number, value) in packed.enumerated() {
      let rest = String(repeating: "line \(number)\n", count: 40)
      try history.write("\(rest)\(value)\n", to: "f\(number)")
      try history.commit("\(number)\n", to: "shared")
    }
    try history.git(["repack", "-adfq"])
    kept = TestRule.value(&random)
    try history.commit("\(kept)\n", to: "kept")
  }

  func file(_ ending: String) throws -> String {
    let directory = top + "objects/pack/"
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    return directory + (try #require(names.first { $0.hasSuffix(ending) }))
  }

  func object(_ revision: String) throws -> String {
    let id = try history.text("rev-parse", revision)
    return top + "objects/\(id.prefix(2))/\(id.dropFirst(2))"
  }

  func write(_ bytes: [UInt8], _ path: String) throws {
    try? FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try Data(bytes).write(to: URL(filePath: path))
  }

  func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
    var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
    body(&bytes)
    try write(bytes, path)
  }

  /// Changes a pack's index, told where its tables of ids, checksums and offsets begin.
  func changeIndex(_ body: (inout [UInt8], _ ids: Int, _ offsets: Int) -> Void) throws {
    try change(try file(".idx")) { bytes in
      let count = bytes[8 + 255 * 4..<8 + 256 * 4].reduce(0) { $0 << 8 | Int($1) }
      body(&bytes, 8 + 1_024, 8 + 1_024 + 24 * count)
    }
  }

  /// Writes a multi-pack index over two packs and changes it, told where the named table begins.
  func changeMultiIndex(_ table: String, _ body: (inout [UInt8], Int) -> Void) throws {
    try history.git(["repack", "-dq"])
    try history.git(["multi-pack-index", "write"])
    try change(top + "objects/pack/multi-pack-index") { bytes in
      guard let entry = bytes.firstRange(of: Array(table.utf8))?.lowerBound else { return }
      body(&bytes, bytes[entry + 4..<entry + 12].reduce(0) { $0 << 8 | Int($1) })
    }
  }

  func configure(_ text: String, version: Int = 1) throws {
    try change(top + "config") { bytes in
      let old = String(decoding: bytes, as: UTF8.self)
      bytes = Array(
        (old.replacingOccurrences(of: "repositoryformatversion = 0", with: "repositoryformatversion = \(version)")
          + text)
          .utf8)
    }
  }
}

private let packDamages: [Damage] = [
  Damage(name: "a pack cut in half", outcome: .said(.corrupt, "cut off")) { damaged in
    try damaged.change(try damaged.file(".pack")) { $0.removeSubrange($0.count / 2..<$0.count) }
  },
  Damage(name: "a pack with another checksum", outcome: .said(.corrupt, "index is of another pack")) { damaged in
    try damaged.change(try damaged.file(".pack")) { $0[$0.count - 1] ^= 1 }
  },
  Damage(name: "a pack of another count", outcome: .said(.corrupt, "another number of objects")) { damaged in
    try damaged.change(try damaged.file(".pack")) { $0[11] ^= 1 }
  },
  Damage(name: "a pack of a version to come", outcome: .said(.corrupt, "known version")) { damaged in
    try damaged.change(try damaged.file(".pack")) { $0[7] = 9 }
  },
  Damage(name: "garbage for compressed bytes", outcome: .said(.corrupt, "damaged")) { damaged in
    try damaged.change(try damaged.file(".pack")) { bytes in
      for place in bytes.count / 2..<bytes.count / 2 + 8 { bytes[place] ^= 0x55 }
    }
  },
  Damage(name: "an index without its pack's objects", outcome: .said(.missing, "No such file")) { damaged in
    try FileManager.default.removeItem(atPath: try damaged.file(".idx"))
  },
  Damage(name: "an index whose counts do not ascend", outcome: .said(.corrupt, "ascend")) { damaged in
    try damaged.changeIndex { bytes, _, _ in for place in 408..<412 { bytes[place] = 0xff } }
  },
  Damage(name: "an index out of order", outcome: .said(.missing, "not in the object database")) { damaged in
    try damaged.changeIndex { bytes, ids, _ in
      let first = Array(bytes[ids..<ids + 20])
      bytes.replaceSubrange(ids..<ids + 20, with: bytes[ids + 20..<ids + 40])
      bytes.replaceSubrange(ids + 20..<ids + 40, with: first)
    }
  },
  Damage(name: "an index with wrong checksums of entries", outcome: .unneeded) { damaged in
    try damaged.changeIndex { bytes, _, offsets in bytes[offsets - 1] ^= 1 }
  },
  Damage(name: "an offset out of the pack", outcome: .said(.corrupt, "lies outside")) { damaged in
    try damaged.changeIndex { bytes, _, offsets in
      bytes.replaceSubrange(offsets..<offsets + 4, with: [0x7f, 0xff, 0xff, 0xf0])
    }
  },
  Damage(name: "a large offset without a table", outcome: .said(.corrupt, "lies outside")) { damaged in
    try damaged.changeIndex { bytes, _, offsets in
      bytes.replaceSubrange(offsets..<offsets + 4, with: [0x80, 0, 0, 5])
    }
  },
  Damage(name: "a delta on nothing", outcome: .said(.corrupt, "is not in pack-crafted")) { damaged in
    var pack = CraftedPack()
    pack.add(1, type: 7, link: CraftedPack.id(99), CraftedPack.delta(base: 36, result: 36, [0x90, 36]))
    let files = pack.files()
    try damaged.write(files.pack, damaged.top + "objects/pack/pack-crafted.pack")
    try damaged.write(files.index, damaged.top + "objects/pack/pack-crafted.idx")
  },
]

private let tableDamages: [Damage] = [
  Damage(name: "a multi-pack index whose table lies outside", outcome: .said(.corrupt, "ends too early")) { damaged in
    try damaged.changeMultiIndex("PNAM") { bytes, _ in
      for place in 16..<24 { bytes[place] = 0xff }
    }
  },
  Damage(name: "a multi-pack index without a table", outcome: .said(.corrupt, "a table is missing")) { damaged in
    try damaged.changeMultiIndex("PNAM") { bytes, _ in bytes[12] = 0x58 }
  },
  Damage(name: "a multi-pack index with a large offset and no table for it", outcome: .unneeded) { damaged in
    try damaged.changeMultiIndex("OOFF") { bytes, table in
      bytes.replaceSubrange(table + 4..<table + 8, with: [0x80, 0, 0, 9])
    }
  },
  Damage(name: "a multi-pack index that names no such pack", outcome: .unneeded) { damaged in
    try damaged.changeMultiIndex("OOFF") { bytes, table in bytes[table + 3] = 99 }
  },
  Damage(name: "a multi-pack index of other ids", outcome: .said(.corrupt, "known version")) { damaged in
    try damaged.changeMultiIndex("PNAM") { bytes, _ in bytes[5] = 2 }
  },
  Damage(name: "a senseless commit graph", outcome: .unneeded) { damaged in
    try damaged.history.git(["commit-graph", "write", "--reachable"])
    try damaged.change(damaged.top + "objects/info/commit-graph") { bytes in
      for place in stride(from: 8, to: bytes.count, by: 7) { bytes[place] ^= 0xff }
    }
  },
  Damage(name: "a senseless bitmap", outcome: .unneeded) { damaged in
    try damaged.history.git(["repack", "-adbq"])
    try damaged.write(Array("BITM".utf8) + [0, 1] + Array(repeating: 0xff, count: 90), try damaged.file(".bitmap"))
  },
  Damage(name: "a senseless reverse index", outcome: .unneeded) { damaged in
    try damaged.history.git(["-c", "pack.writeReverseIndex=true", "repack", "-adfq"])
    try damaged.write([0x78], try damaged.file(".rev"))
  },
  Damage(name: "a loose object of garbage", outcome: .said(.corrupt, "header makes no sense")) { damaged in
    try damaged.history.commit("lost\n", to: "lost")
    try damaged.write(Array("garbage".utf8), try damaged.object("HEAD:lost"))
  },
  Damage(name: "an empty loose object", outcome: .said(.corrupt, "header makes no sense")) { damaged in
    try damaged.history.commit("lost\n", to: "lost")
    try damaged.write([], try damaged.object("HEAD:lost"))
  },
  Damage(name: "a loose object with a lying size", outcome: .said(.corrupt, "compressed bytes are damaged")) {
    damaged in
    try damaged.history.commit("lost\n", to: "lost")
    try damaged.write(CraftedPack.zlib(Array("blob 99999\0abc".utf8)), try damaged.object("HEAD:lost"))
  },
  Damage(name: "an alternate that is not there", outcome: .said(.unreadable, "no alternate")) { damaged in
    try damaged.write(Array("/nowhere/objects\n".utf8), damaged.top + "objects/info/alternates")
  },
  Damage(name: "alternates in a circle", outcome: .unneeded) { damaged in
    let other = damaged.top + "other/"
    try FileManager.default.createDirectory(atPath: other + "info", withIntermediateDirectories: true)
    try damaged.write(Array("../other\n../objects\n".utf8), damaged.top + "objects/info/alternates")
    try damaged.write(Array("../objects\n./../other\n".utf8), other + "info/alternates")
  },
  Damage(name: "a directory of packs that is a file", outcome: .said(.unreadable, "Not a directory")) { damaged in
    try damaged.history.git(
      ["unpack-objects", "-q"], input: FileManager.default.contents(atPath: damaged.file(".pack")))
    try FileManager.default.removeItem(atPath: damaged.top + "objects/pack")
    try damaged.write([], damaged.top + "objects/pack")
  },
]

private let nameDamages: [Damage] = [
  Damage(name: "an empty ref", outcome: .said(.corrupt, "refs/heads/broken holds no object id")) { damaged in
    try damaged.write([], damaged.top + "refs/heads/broken")
  },
  Damage(name: "a ref of garbage", outcome: .said(.corrupt, "refs/heads/main holds no object id")) { damaged in
    try damaged.write(Array("garbage\n".utf8), damaged.top + "refs/heads/main")
  },
  Damage(name: "a ref that is a pipe", outcome: .said(.unreadable, "not a regular file")) { damaged in
    #expect(unsafe mkfifo(damaged.top + "refs/heads/pipe", 0o600) == 0)
  },
  Damage(name: "a ref that leads out of the repository", outcome: .said(.unreadable, "refs/heads/link")) { damaged in
    try FileManager.default.createSymbolicLink(
      atPath: damaged.top + "refs/heads/link", withDestinationPath: "/etc/passwd")
  },
  Damage(name: "a ref to nothing", outcome: .said(.missing, "named, but not in the object database")) { damaged in
    try damaged.write(Array((String(repeating: "1", count: 40) + "\n").utf8), damaged.top + "refs/heads/gone")
  },
  Damage(name: "refs in a circle", outcome: .unneeded) { damaged in
    try damaged.write(Array("ref: refs/heads/b\n".utf8), damaged.top + "refs/heads/a")
    try damaged.write(Array("ref: refs/heads/a\n".utf8), damaged.top + "refs/heads/b")
  },
  Damage(name: "packed refs of garbage", outcome: .said(.corrupt, "packed-refs: 2 lines hold no ref")) { damaged in
    try damaged.write(
      Array("# pack-refs with: peeled\nno ref\nzz refs/heads/x\n^abc\n".utf8), damaged.top + "packed-refs")
  },
  Damage(name: "packed refs that are cut off", outcome: .said(.corrupt, "ends in the middle of a line")) { damaged in
    try damaged.history.git(["pack-refs", "--all"])
    try damaged.change(damaged.top + "packed-refs") { $0.removeLast(3) }
  },
  Damage(name: "packed refs that are a directory", outcome: .said(.unreadable, "packed-refs is not a regular file")) {
    try FileManager.default.createDirectory(atPath: $0.top + "packed-refs", withIntermediateDirectories: false)
  },
  Damage(name: "a tree whose entry ends too early", outcome: .said(.corrupt, "entries make no sense")) { damaged in
    let tree = try damaged.history.git(
      ["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], input: Data("100644 name\0short".utf8))
    try damaged.write(Array(tree), damaged.top + "refs/heads/tree")
  },
  Damage(name: "a commit without a tree", outcome: .said(.corrupt, "names no tree")) { damaged in
    let commit = try damaged.history.git(
      ["hash-object", "-w", "-t", "commit", "--literally", "--stdin"], input: Data("nonsense".utf8))
    try damaged.write(Array(commit), damaged.top + "refs/heads/senseless")
  },
  Damage(name: "an extension that nobody knows", outcome: .refused("extensions.fancy")) { damaged in
    try damaged.configure("[extensions]\n\tfancy = true\n")
  },
  Damage(name: "refs in reftables", outcome: .refused("(reftable) that is not read here")) { damaged in
    try damaged.configure("[extensions]\n\trefStorage = reftable\n")
  },
  Damage(name: "an object format that nobody knows", outcome: .refused("object format")) { damaged in
    try damaged.configure("[extensions]\n\tobjectformat = blake3\n")
  },
  Damage(name: "a version to come", outcome: .refused("version 99")) { damaged in
    try damaged.configure("", version: 99)
  },
  Damage(name: "a configuration of each worktree's own", outcome: .unneeded) { damaged in
    try damaged.configure("[extensions]\n\tworktreeConfig = true\n")
  },
]

@Suite struct DamageTests {
  @Test(arguments: packDamages + tableDamages + nameDamages) func isSaid(damage: Damage) throws {
    let damaged = try DamagedHistory(seed: 61)
    try damage.make(damaged)
    if case .refused(let words) = damage.outcome {
      #expect { try damaged.history.scan() } throws: { ($0 as? ScanError)?.reason.contains(words) == true }
      return
    }
    let report = try damaged.history.scan()
    #expect(report.finding(damaged.kept) != nil)
    if case .said(let reason, let words) = damage.outcome {
      #expect(report.coverage.isIncomplete && report.skips(reason) > 0)
      #expect(
        report.coverage.skips.contains { $0.reason == reason && $0.detail.contains(words) }, "\(report.coverage.skips)")
    } else {
      #expect(!report.coverage.isIncomplete, "\(report.coverage.skips)")
      for value in damaged.packed { #expect(report.finding(value)?.atHead == true) }
    }
  }

  /// What is left of a pack that is cut off is scanned, as far as it proves to be what it is said to be.
  @Test func whatIsLeftOfAPackIsScanned() throws {
    let damaged = try DamagedHistory(seed: 62)
    let pack = try damaged.file(".pack")
    try damaged.change(pack) { $0.removeLast(60) }
    let report = try damaged.history.scan()
    #expect(report.coverage.isIncomplete)
    #expect(damaged.packed.count { report.finding($0) != nil } >= 6)
    // Beside another pack's index nothing is taken for what it is not.
    let other = try DamagedHistory(seed: 63)
    try FileManager.default.removeItem(atPath: pack)
    try FileManager.default.copyItem(atPath: try other.file(".pack"), toPath: pack)
    let mixed = try damaged.history.scan()
    #expect(mixed.coverage.isIncomplete && other.packed.allSatisfy { mixed.finding($0) == nil })
  }
}
