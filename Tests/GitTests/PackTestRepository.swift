// Repositories that the reader tests make with git at run time, and what git itself says they hold.

import Foundation
import Model
@_exported import TestSupport

@testable import Git

/// A bare repository in a directory of its own, removed with the value.
final class TestRepository {
  let path: String
  let idCount: Int
  var objects: String { path + "/objects" }

  init(sha256: Bool = false) throws {
    path = GitCommand.freshPath("pack")
    idCount = sha256 ? 32 : 20
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try git(["init", "-q", "--bare", "--object-format=" + (sha256 ? "sha256" : "sha1"), "."])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A repository of one crafted pack.
  convenience init(_ crafted: CraftedPack) throws {
    try self.init()
    try FileManager.default.createDirectory(atPath: objects + "/pack", withIntermediateDirectories: true)
    let files = crafted.files()
    try Data(files.pack).write(to: URL(filePath: objects + "/pack/pack-crafted.pack"))
    try Data(files.index).write(to: URL(filePath: objects + "/pack/pack-crafted.idx"))
  }

  /// Runs git in the repository, with no configuration but the given one.
  @discardableResult
  func git(_ arguments: [String], input: Data? = nil) throws -> Data {
    try GitCommand.run(arguments, in: path, input: input, extra: ["GIT_DIR": path])
  }

  /// Adds `commits` commits to `branch`, each editing one of a few files of random words.
  func grow(_ seed: UInt64, commits: Int, branch: String = "main") throws {
    var random = Seeded(state: seed)
    var files = (0..<6).map { _ in (0..<Int.random(in: 20...400, using: &random)).map { _ in line(&random) } }
    var stream = ""
    for commit in 0..<commits {
      let file = Int.random(in: 0..<files.count, using: &random)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0...files[file].count, using: &random)
        if Bool.random(using: &random) || at == files[file].count {
          files[file].insert(line(&random), at: at)
        } else if files[file].count > 5 {
          files[file].remove(at: at)
        }
      }
      let content = files[file].joined(separator: "\n")
      stream += "commit refs/heads/\(branch)\ncommitter A <a@example.org> \(1_000_000 + commit) +0000\ndata 2\nm\n"
      stream += "M 100644 inline dir\(file % 3)/file\(file)\ndata \(content.utf8.count)\n\(content)\n"
      if commit % 50 == 49 {
        stream += "tag t\(branch)\(commit)\nfrom refs/heads/\(branch)\ntagger A <a@example.org> 1 +0000\ndata 1\nt\n"
      }
    }
    try git(["fast-import", "--quiet", "--force"], input: Data(stream.utf8))
  }

  private func line(_ random: inout Seeded) -> String {
    (0..<Int.random(in: 2...9, using: &random)).map { _ in
      String(UInt32.random(in: 0..<50_000, using: &random), radix: 36)
    }.joined(separator: " ")
  }

  /// What `git cat-file` says the repository and its alternates hold.
  func oracle() throws -> [ObjectID: StoredContent] {
    var found: [ObjectID: StoredContent] = [:]
    let data = Array(try git(["cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer"]))
    var at = 0
    while at < data.count, let end = data[at...].firstIndex(of: 0x0a) {
      let words = String(decoding: data[at..<end], as: UTF8.self).split(separator: " ")
      guard words.count == 3, let id = ObjectID(hex: String(words[0])), let count = Int(words[2]) else { break }
      found[id] = StoredContent(kind: String(words[1]), bytes: Array(data[(end + 1)..<(end + 1 + count)]))
      at = end + count + 2
    }
    return found
  }

  /// The names in `objects/pack` with this extension.
  func packFiles(_ suffix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: objects + "/pack").filter { $0.hasSuffix(suffix) }.sorted()
  }

  func store(_ limits: ObjectStoreLimits = ObjectStoreLimits()) throws -> ObjectStore {
    try ObjectStore(objects: objects, idCount: idCount, limits: limits)
  }
}

struct StoredContent: Equatable {
  var kind: String
  var bytes: [UInt8]
}

func array(_ bytes: Span<UInt8>) -> [UInt8] { bytes.indices.map { bytes[$0] } }

/// Keeps everything it is shown, and checks each delta's runs against its parent's bytes.
final class Collector: ObjectVisitor {
  /// An object's bytes, for its deltas.
  final class Kept {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }
  var found: [ObjectID: StoredContent] = [:]
  var visits = 0
  var cruft: Set<ObjectID> = []
  var deltas = 0
  var wrongRuns: [ObjectID] = []
  var failures: [ObjectFailure] = []

  func visit(_ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: Kept?) -> Kept? {
    let content = array(bytes)
    visits += 1
    found[object.id] = StoredContent(kind: "\(object.kind)", bytes: content)
    if object.isCruft { cruft.insert(object.id) }
    if let delta {
      deltas += 1
      if !isRight(delta, content, parent?.bytes) { wrongRuns.append(object.id) }
    }
    return Kept(content)
  }

  func failed(_ failure: ObjectFailure) { failures.append(failure) }

  /// Rebuilds the object from the parent's copies and its own inserted ranges alone.
  private func isRight(_ delta: DeltaRuns, _ content: [UInt8], _ parent: [UInt8]?) -> Bool {
    var rebuilt = [UInt8?](repeating: nil, count: delta.count)
    var previous: CopyRun?
    for copy in delta.copies {
      if let previous {
        if copy.offset < previous.offset + previous.count { return false }
        // Copies that continue each other must have been joined.
        if copy.offset == previous.range.upperBound, copy.baseOffset == previous.baseOffset + previous.count {
          return false
        }
      }
      previous = copy
      guard let parent else { continue }
      guard copy.baseOffset + copy.count <= parent.count, copy.range.upperBound <= rebuilt.count else { return false }
      for index in 0..<copy.count { rebuilt[copy.offset + index] = parent[copy.baseOffset + index] }
    }
    var inserted = 0
    delta.forEachInserted { range in
      inserted += range.count
      for index in range { rebuilt[index] = rebuilt[index] == nil ? content[index] : 0 }
    }
    if parent == nil { return inserted + delta.copies.reduce(0) { $0 + $1.count } == content.count }
    return rebuilt == content.map { $0 }
  }
}

func collect(
  _ store: ObjectStore, threads: Int = 1, _ selection: ObjectSelection = ObjectSelection()
) -> Collector {
  let parts = store.forEachObject(selection, threads: threads) { _ in Collector() }
  let all = Collector()
  for part in parts {
    all.found.merge(part.found) { first, _ in first }
    all.visits += part.visits
    all.cruft.formUnion(part.cruft)
    all.deltas += part.deltas
    all.wrongRuns += part.wrongRuns
    all.failures += part.failures
  }
  return all
}

extension CraftedPack {
  /// The id of an object's number.
  static func objectID(_ number: Int) -> ObjectID { ObjectID(id(number).span, at: 0, count: 20) }
}
