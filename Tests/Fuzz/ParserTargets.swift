// The parsers that take bytes from memory: index, delta, tree, commit, tag, inflation of a beginning.

import Foundation
import Model
import TestSupport

@testable import Git

private func words(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The index in all its versions, split ones too: the input's second part is the shared one.
enum IndexTarget: FuzzTarget {
  static let name = "index"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    let version = Int.random(in: 2...4, using: &random)
    let count = Int.random(in: 0...4, using: &random)
    var bytes = words("DIRC") + CraftedPack.bigEndian(version, 4) + CraftedPack.bigEndian(count, 4)
    for number in 0..<count {
      let start = bytes.count
      bytes += Array(repeating: 0, count: 24) + CraftedPack.bigEndian(0o100644, 4) + Array(repeating: 0, count: 12)
      bytes += CraftedPack.id(number) + CraftedPack.bigEndian(version > 2 ? 0x4001 : 1, 2)
      if version > 2 { bytes += [0x20, 0] }
      bytes += version == 4 ? [UInt8(number > 0 ? 1 : 0)] : []
      bytes += words("d/file\(number)") + [0]
      if version < 4 { while (bytes.count - start) % 8 != 0 { bytes.append(0) } }
    }
    let tree = words("") + [0] + words("\(count) 1\n") + CraftedPack.id(9) + words("d") + [0] + words("-1 0\n")
    bytes += words("TREE") + CraftedPack.bigEndian(tree.count, 4) + tree
    if Bool.random(using: &random) {
      let bitmap = CraftedPack.bigEndian(64, 4) + CraftedPack.bigEndian(2, 4) + CraftedPack.bigEndian(1 << 33, 8)
      let map = bitmap + CraftedPack.bigEndian(Int.random(in: 0...3, using: &random), 8) + CraftedPack.bigEndian(0, 4)
      let link = CraftedPack.id(5) + map + map
      bytes += words("link") + CraftedPack.bigEndian(link.count, 4) + link
    }
    return bytes + Array(repeating: 0, count: 20)
  }

  static func run(_ input: [UInt8]) throws -> String {
    var said = ""
    for idCount in [20, 32] {
      do throws(IndexError) {
        let index = try IndexFile(input.span, idCount: idCount) { (_) throws(IndexError) in
          try IndexFile(input.span, idCount: idCount) { (_) throws(IndexError) in throw IndexError(reason: "again") }
        }
        said += "\(index.entries.count.bitWidth - index.entries.count.leadingZeroBitCount) entries, "
        said += index.entries.map { "\($0.stage)\($0.isSparseDirectory)\($0.isIntentToAdd)" }.prefix(3).joined()
        said += index.cachedTree.map { "tree \($0.children.count) " } ?? ""
      } catch { said += error.reason + "; " }
    }
    return said
  }
}

/// Deltas, compared with a reading of them that has no cleverness.
enum DeltaTarget: FuzzTarget {
  static let name = "delta"
  private static let base = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  private static let maximumResult = 1 << 20

  static func seed(_ random: inout Seeded) -> [UInt8] {
    var code: [UInt8] = []
    var count = 0
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      if Bool.random(using: &random) {
        let size = Int.random(in: 1...40, using: &random)
        code += [UInt8(size)] + (0..<size).map { _ in .random(in: 0...255, using: &random) }
        count += size
      } else {
        let size = Int.random(in: 1...200, using: &random)
        code += [0x91, .random(in: 0...99, using: &random), UInt8(size)]
        count += size
      }
    }
    return CraftedPack.delta(base: base.count, result: count, code)
  }

  static func run(_ input: [UInt8]) throws -> String {
    guard let header = Delta.header(input.span) else { return "no header" }
    guard header.baseCount == base.count, header.resultCount <= maximumResult else { return "other sizes" }
    let (delta, from, result) = (ByteBuffer(), ByteBuffer(), ByteBuffer())
    delta.reset(count: input.count)
    from.reset(count: base.count)
    _ = unsafe delta.writable.update(fromContentsOf: input)
    _ = unsafe from.writable.update(fromContentsOf: base)
    result.reset(count: header.resultCount)
    var runs: [CopyRun] = []
    let isSound = unsafe Delta.apply(
      delta.readable, from: header.instructions, base: from.readable, into: result.writable, recordsRuns: true,
      runs: &runs)
    let plain = applied(input, header)
    guard isSound == (plain != nil) else {
      throw FuzzFailure(description: "sound: \(isSound), plainly \(plain != nil)")
    }
    guard let plain else { return "unsound" }
    guard result.withSpan({ span in span.indices.allSatisfy { span[$0] == plain[$0] } }) else {
      throw FuzzFailure(description: "another result")
    }
    for run in runs {
      guard run.offset >= 0, run.baseOffset >= 0, run.offset + run.count <= plain.count,
        run.baseOffset + run.count <= base.count,
        Array(plain[run.offset..<run.offset + run.count]) == Array(base[run.baseOffset..<run.baseOffset + run.count])
      else { throw FuzzFailure(description: "a copy that is none: \(run)") }
    }
    return "sound, \(runs.isEmpty ? "no" : "some") copies"
  }

  private static func applied(_ delta: [UInt8], _ header: Delta.Header) -> [UInt8]? {
    var rest = delta.dropFirst(header.instructions)
    var result: [UInt8] = []
    while let code = rest.popFirst() {
      if code & 0x80 == 0 {
        guard code > 0, rest.count >= Int(code) else { return nil }
        result += rest.prefix(Int(code))
        rest = rest.dropFirst(Int(code))
      } else {
        var (offset, count) = (0, 0)
        for bit in 0..<7 where code >> UInt8(bit) & 1 == 1 {
          guard let byte = rest.popFirst() else { return nil }
          if bit < 4 { offset |= Int(byte) << (8 * bit) } else { count |= Int(byte) << (8 * (bit - 4)) }
        }
        if count == 0 { count = 0x10000 }
        guard offset <= base.count, count <= base.count - offset else { return nil }
        result += base[offset..<offset + count]
      }
      guard result.count <= header.resultCount else { return nil }
    }
    return result.count == header.resultCount ? result : nil
  }
}

/// Trees.
enum TreeTarget: FuzzTarget {
  static let name = "tree"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    var bytes: [UInt8] = []
    for number in 0..<Int.random(in: 0...5, using: &random) {
      let mode = ["40000", "100644", "120000", "160000", "100755", "0"].randomElement(using: &random) ?? "40000"
      bytes += words("\(mode) n\(number)") + [0] + CraftedPack.id(number)
    }
    return bytes
  }

  static func run(_ input: [UInt8]) throws -> String {
    var said = ""
    for idCount in [20, 32] {
      var reader = TreeReader(input.span, idCount: idCount)
      var count = 0
      while let entry = reader.next() {
        count += 1
        guard !entry.name.isEmpty, entry.name.upperBound + 1 + idCount <= input.count, reader.offset <= input.count
        else {
          throw FuzzFailure(description: "an entry outside the tree")
        }
        if count < 4 { said += "\(entry.kind) " }
      }
      guard reader.isMalformed || reader.offset == input.count else { throw FuzzFailure(description: "it ended early") }
      said += reader.isMalformed ? "malformed; " : "sound; "
    }
    return said
  }
}

/// Commits and tags.
enum CommitTarget: FuzzTarget {
  static let name = "commit"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    let id = String(repeating: "5a", count: Bool.random(using: &random) ? 20 : 32)
    var text = Bool.random(using: &random) ? "tree \(id)\n" : "object \(id)\ntype commit\ntag v1\n"
    for _ in 0..<Int.random(in: 0...3, using: &random) { text += "parent \(id)\n" }
    let time = [0, -1, 1_700_000_000, Int(Int64.max), 253_402_300_800].randomElement(using: &random) ?? 0
    text +=
      "author A <a@example.org> \(time) \(["+0100", "-1200", "+9999", "x", "-0000"].randomElement(using: &random) ?? "")\n"
    return words(text + "committer B <b> \(time) +0000\n\nSubject\n\nbody\n")
  }

  static func run(_ input: [UInt8]) throws -> String {
    let header = CommitHeader(input.span)
    let id = ObjectID(CraftedPack.id(1).span, at: 0, count: 20)
    let info = CommitInfo(input.span, id: id)
    guard abs(info.zone) <= 99 * 60 + 99 else { throw FuzzFailure(description: "a zone of \(info.zone) minutes") }
    let date = Timestamp.iso8601(info.time, zone: info.zone)
    guard date.utf8.count >= 20 else { throw FuzzFailure(description: "the date \(date)") }
    let target = TagHeader.target(input.span)
    return
      "\(header != nil) \(header?.parents.count ?? 0 > 1) \(info.author.isEmpty) \(info.email.isEmpty) \(info.time > 0) "
      + "\(info.time < 0) \(info.zone == 0) \(info.subject.isEmpty) \(target != nil)"
  }
}

/// The beginning of a zlib stream, compared with the whole as libdeflate unpacks it.
enum InflateTarget: FuzzTarget {
  static let name = "inflate"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    CraftedPack.zlib((0..<Int.random(in: 0...60, using: &random)).map { _ in .random(in: 0...255, using: &random) })
  }

  static func run(_ input: [UInt8]) throws -> String {
    let start = InflatePrefix.unpack(input, maximum: 64)
    let inflater = Inflater()
    let whole = ByteBuffer()
    // The size is not known; a few are tried.
    for count in [0, 1, 5, 30, 64] {
      whole.reset(count: count)
      let isSound = unsafe input.withUnsafeBufferPointer { unsafe inflater.inflate($0, into: whole.writable) }
      guard isSound else { continue }
      let same = whole.withSpan { span in
        start.map { start in span.count == start.count && span.indices.allSatisfy { span[$0] == start[$0] } }
      }
      guard same == true else { throw FuzzFailure(description: "the beginning differs from the whole") }
      return "sound \(count > 0)"
    }
    return start.map { "begins \($0.count > 30)" } ?? "broken"
  }
}
