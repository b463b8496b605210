// Two trees entry by entry, against a comparison by name.

import Model
import Testing

@testable import Git

private struct Item: Hashable {
  var mode: String
  var name: String
  var id: UInt8

  var isTree: Bool { mode == "40000" }
  var key: String { isTree ? name + "/" : name }
  var bytes: [UInt8] { Array("\(mode) \(name)".utf8) + [0] + [UInt8](repeating: id, count: 20) }
}

@Suite struct TreeDifferenceTests {
  private func difference(_ now: [UInt8], _ before: [UInt8]) -> (changed: [String], gone: Int, TreeDifference) {
    let result = TreeDifference(now.span, before.span, idCount: 20)
    let names = result.changed.map { change in
      let name = String(decoding: now[change.entry.name], as: UTF8.self)
      return change.entry.kind == .tree ? name + "/" : name
    }
    return (names, result.gone.count, result)
  }

  private func items(_ random: inout Seeded) -> [Item] {
    var all: [String: Item] = [:]
    for _ in 0..<Int.random(in: 0..<12, using: &random) {
      let name = String(
        (0..<Int.random(in: 1..<4, using: &random)).map { _ in "ab.-/0".randomElement(using: &random) ?? "a" }
      )
      .replacing("/", with: "b")
      all[name] = Item(
        mode: ["100644", "100755", "40000", "160000", "120000"].randomElement(using: &random) ?? "100644", name: name,
        id: UInt8.random(in: 1..<4, using: &random))
    }
    return all.values.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
  }

  @Test(arguments: 0..<UInt64(200)) func isWhatAComparisonByNameSays(_ seed: UInt64) {
    var random = Seeded(state: seed)
    let now = items(&random)
    // Mostly the same tree, as in life.
    let before =
      Bool.random(using: &random) ? items(&random) : now.filter { _ in Int.random(in: 0..<5, using: &random) > 0 }
    let (changed, gone, result) = difference(now.flatMap(\.bytes), before.flatMap(\.bytes))
    let known = Dictionary(uniqueKeysWithValues: before.map { ($0.key, $0) })
    #expect(changed == now.filter { known[$0.key]?.id != $0.id }.map(\.key), "seed \(seed)")
    #expect(gone == before.filter { old in !now.contains { $0.key == old.key } }.count, "seed \(seed)")
    #expect(result.changed.allSatisfy { ($0.before != nil) == (known.keys.contains(key($0, now))) }, "seed \(seed)")
    #expect(!result.isMalformed.now && !result.isMalformed.before)
  }

  private func key(_ change: TreeDifference.Change, _ now: [Item]) -> String {
    let bytes = now.flatMap(\.bytes)
    let name = String(decoding: bytes[change.entry.name], as: UTF8.self)
    return change.entry.kind == .tree ? name + "/" : name
  }

  /// Cut and spoilt trees: whatever this tree has that the other has not in the same words is never passed over.
  @Test(arguments: 0..<UInt64(200)) func nothingNewIsPassedOver(_ seed: UInt64) {
    var random = Seeded(state: seed &+ 1_000)
    let now = items(&random).shuffled(using: &random)
    var before = (now + items(&random)).shuffled(using: &random).flatMap(\.bytes)
    for _ in 0..<3 where !before.isEmpty {
      before[Int.random(in: before.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
    }
    before = Array(before.prefix(Int.random(in: 0...before.count, using: &random)))
    let (changed, _, _) = difference(now.flatMap(\.bytes), before)
    for item in now where before.firstRange(of: item.bytes) == nil {
      // The mode alone does not count.
      let sameContent = before.firstRange(of: Array(" \(item.name)".utf8) + [0] + item.bytes.suffix(20)) != nil
      #expect(changed.contains(item.key) || sameContent, "seed \(seed): \(item.key)")
    }
    _ = difference(before, now.flatMap(\.bytes))
  }
}
