// The parsers that read files: packs with their indexes, multi-pack indexes, loose objects, refs and reflogs. Each input is
// written below a directory of this process.

import Foundation
import Model
import TestSupport

@testable import Git

/// Files of one process, in memory where the machine offers that.
enum FuzzFiles {
  static let top: String = {
    let shared = "/dev/shm"
    let base = FileManager.default.isWritableFile(atPath: shared) ? shared + "/" : NSTemporaryDirectory()
    return base + "keywright-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
  }()

  /// A directory for a target, made on first use.
  static func directory(_ name: String) throws -> String {
    let path = top + "/" + name
    if !FileManager.default.fileExists(atPath: path) {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    return path
  }

  static func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    let directory = (path as NSString).deletingLastPathComponent
    if !FileManager.default.fileExists(atPath: directory) {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
      throw FuzzFailure(description: "\(path) can't be written")
    }
  }

  static func removeAll() { try? FileManager.default.removeItem(atPath: top) }
}

/// Counts what a walk shows.
private struct Shown: ObjectVisitor {
  var ids: Set<ObjectID> = []
  var failures: [ObjectFailure] = []
  var isTwice = false

  mutating func visit(_ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: NoState?) -> NoState? {
    if !ids.insert(object.id).inserted { isTwice = true }
    if let delta, delta.count != bytes.count { isTwice = true }
    return nil
  }
  mutating func failed(_ failure: ObjectFailure) { failures.append(failure) }
}

private func limits() -> ObjectStoreLimits {
  var limits = ObjectStoreLimits()
  limits.maximumObjectBytes = 1 << 16
  limits.maximumHeldBytes = 1 << 14
  limits.maximumExpansionBytes = 1 << 22
  limits.maximumExpansionFactor = 4
  limits.maximumObjectsPerPack = 1 << 12
  return limits
}

private func reading(_ objects: String) throws -> String {
  var said = ""
  do throws(ObjectFailure) {
    let store = try ObjectStore(objects: objects, idCount: 20, limits: limits())
    said += store.problems.map(\.detail).joined(separator: ", ")
    var walked = Set<ObjectID>()
    let parts = store.forEachObject { _ in Shown() }
    for shown in parts {
      if shown.isTwice {
        throw ObjectFailure(id: nil, reason: .corrupt, detail: "WRONG: shown twice, or of another size")
      }
      walked.formUnion(shown.ids)
      said += " shown \(shown.ids.count > 3) " + Set(shown.failures.map(\.detail)).sorted().joined(separator: ", ")
    }
    let reader = store.makeReader()
    for number in 0..<24 {
      let id = ObjectID(CraftedPack.id(number).span, at: 0, count: 20)
      do throws(ObjectFailure) {
        let count = try reader.read(id) { _, bytes in bytes.count }
        let header = try reader.header(id)
        if header.size != count { said += "WRONG: two sizes" }
      } catch { continue }
    }
  } catch { said += error.detail }
  if said.contains("WRONG") { throw FuzzFailure(description: said) }
  return said
}

/// A pack and its index: four bytes say how long the pack is.
enum PackTarget: FuzzTarget {
  static let name = "pack"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    var pack = CraftedPack()
    var offsets: [Int] = []
    for number in 0..<Int.random(in: 1...12, using: &random) {
      let size = Int.random(in: 0...80, using: &random)
      let content = (0..<size).map { _ in UInt8.random(in: 0x20...0x7e, using: &random) }
      var code: [UInt8] = []
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        code +=
          Bool.random(using: &random)
          ? [3, 1, 2, 3] : [0x91, .random(in: 0...40, using: &random), .random(in: 1...40, using: &random)]
      }
      let delta = CraftedPack.delta(
        base: Int.random(in: 0...80, using: &random), result: Int.random(in: 0...80, using: &random), code)
      let base = Int.random(in: 0..<14, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: pack.add(number, type: 7, link: CraftedPack.id(base), delta)
      case 1 where !offsets.isEmpty: pack.addOffsetDelta(number, base: offsets[base % offsets.count], delta)
      case 2: pack.add(number, type: .random(in: 0...7, using: &random), content, size: size + 1)
      case 3: pack.list(number, at: [0, 12, 1 << 31, 1 << 40, Int.max].randomElement(using: &random) ?? 0)
      default: offsets.append(pack.add(number, type: .random(in: 1...4, using: &random), content))
      }
    }
    let files = pack.files()
    return CraftedPack.bigEndian(files.pack.count, 4) + files.pack + files.index
  }

  static func run(_ input: [UInt8]) throws -> String {
    guard input.count >= 4 else { return "short" }
    let count = input[..<4].reduce(0) { $0 << 8 | Int($1) }
    let rest = input.dropFirst(4)
    let objects = try FuzzFiles.directory("pack/objects")
    try FuzzFiles.write(rest.prefix(count), to: objects + "/pack/pack-a.pack")
    try FuzzFiles.write(rest.dropFirst(count), to: objects + "/pack/pack-a.idx")
    return try reading(objects)
  }
}

/// A multi-pack index over a sound pack.
enum MultiIndexTarget: FuzzTarget {
  static let name = "multi-pack-index"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    let ids = (0..<Int.random(in: 0...5, using: &random)).map { CraftedPack.id($0) }
    let chunks: [(String, [UInt8])] = [
      ("PNAM", Array("pack-a.idx".utf8) + [0, 0]),
      ("OIDF", (0..<256).flatMap { _ in CraftedPack.bigEndian(ids.count, 4) }),
      ("OIDL", ids.flatMap { $0 }),
      (
        "OOFF",
        ids.indices.flatMap { CraftedPack.bigEndian($0 == 4 ? 1 : 0, 4) + CraftedPack.bigEndian(12 + $0 * 20, 4) }
      ),
    ]
    var at = 12 + (chunks.count + 1) * 12
    var bytes = Array("MIDX".utf8) + [1, 1, UInt8(chunks.count), 0] + CraftedPack.bigEndian(1, 4)
    for (name, content) in chunks {
      bytes += Array(name.utf8) + CraftedPack.bigEndian(at, 8)
      at += content.count
    }
    bytes += [0, 0, 0, 0] + CraftedPack.bigEndian(at, 8)
    return bytes + chunks.flatMap(\.1) + Array(repeating: 0, count: 20)
  }

  static func run(_ input: [UInt8]) throws -> String {
    let objects = try FuzzFiles.directory("midx/objects")
    if !FileManager.default.fileExists(atPath: objects + "/pack/pack-a.pack") {
      var pack = CraftedPack()
      for number in 0..<4 { pack.add(number, type: 3, Array("content \(number)".utf8)) }
      let files = pack.files()
      try FuzzFiles.write(files.pack, to: objects + "/pack/pack-a.pack")
      try FuzzFiles.write(files.index, to: objects + "/pack/pack-a.idx")
    }
    try FuzzFiles.write(input, to: objects + "/pack/multi-pack-index")
    return try reading(objects)
  }
}

/// A loose object.
enum LooseTarget: FuzzTarget {
  static let name = "loose"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    let kind = ["blob", "tree", "commit", "tag", "bulb"].randomElement(using: &random) ?? "blob"
    let count = Int.random(in: 0...40, using: &random)
    let said = Int.random(in: 0..<5, using: &random) == 0 ? count + 1 : count
    return CraftedPack.zlib(Array("\(kind) \(said)".utf8) + [0] + Array(repeating: 0x61, count: count))
  }

  static func run(_ input: [UInt8]) throws -> String {
    let objects = try FuzzFiles.directory("loose/objects")
    let id = ObjectID(CraftedPack.id(1).span, at: 0, count: 20).description
    try FuzzFiles.write(input, to: "\(objects)/\(id.prefix(2))/\(id.dropFirst(2))")
    return try reading(objects)
  }
}

/// Packed refs, a loose ref and a reflog, all of the same bytes.
enum RefTarget: FuzzTarget {
  static let name = "refs"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    let id = String(repeating: "0b", count: 20)
    return Array(
      [
        "# pack-refs with: peeled\n\(id) refs/heads/main\n^\(id)\n", "ref: refs/heads/a\n", "ref: HEAD",
        "\(id) \(id) A <a> 1 +0000\tcommit\n", "\(id)\n",
      ].shuffled(using: &random).joined().utf8)
  }

  static func run(_ input: [UInt8]) throws -> String {
    let top = try FuzzFiles.directory("refs") + "/"
    for file in ["packed-refs", "HEAD", "refs/heads/a", "logs/HEAD", "shallow", "objects/info/alternates"] {
      try FuzzFiles.write(input, to: top + file)
    }
    let repository = Repository(
      gitDirectory: top, commonDirectory: top, workTree: nil, objectIDCount: 20, isPartialClone: false)
    do {
      let references = try repository.references()
      let roots = try repository.roots()
      _ = repository.resolve("HEAD")
      _ = try reading(top + "objects")
      return "\(references.count) \(roots.map(\.reachability.rawValue).joined()) \(repository.shallowCommits.isEmpty)"
    } catch let error as GitError { return error.reason }
  }
}
