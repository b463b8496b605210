// Finds any of many known values in bytes: the least common length decides how far a search may leap (Wu and Manber's
// method, with hashed blocks of three bytes).

internal import Model
internal import Secrets

/// A search for many values at once.
struct NeedleFinder: Sendable {
  /// A shorter value would be met by chance.
  static let minimumBytes = 8
  /// Values shorter than this must stand by themselves: no letter or digit on either side.
  private static let freeBytes = 12
  private static let tableBits = 15

  /// A value, and a hash of its first bytes: what has another one is not compared.
  private struct Needle: Sendable {
    var number: ValueNumber
    var check: UInt32
    var length: Int
    var secret: Secret
  }

  /// In the order of their blocks.
  private var needles: [Needle] = []
  private let count: Int
  /// By hashed block: how far the search may go on when it ends so.
  private var leaps = [UInt8](repeating: 0, count: 1 << NeedleFinder.tableBits)
  /// By hashed block: where the values begin whose beginning ends with such a block.
  private var starts = [UInt32](repeating: 0, count: 1 << NeedleFinder.tableBits + 1)

  /// Values that are too short are left out.
  init(_ all: [(number: ValueNumber, secret: Secret)]) {
    let values = all.filter { $0.secret.count >= NeedleFinder.minimumBytes }
    count = min(values.map(\.secret.count).min() ?? 0, 200)
    guard count > 0 else { return }
    let furthest = UInt8(count - 2)
    for index in leaps.indices { leaps[index] = furthest }
    var placed: [(block: Int, needle: Needle)] = []
    for value in values {
      value.secret.withBytes { bytes in
        for end in 2..<count {
          let hash = NeedleFinder.hash(bytes, end)
          leaps[hash] = min(leaps[hash], UInt8(count - 1 - end))
        }
        let needle = Needle(
          number: value.number, check: NeedleFinder.check(bytes, 0), length: bytes.count, secret: value.secret)
        placed.append((NeedleFinder.hash(bytes, count - 1), needle))
      }
    }
    for (block, _) in placed { starts[block + 1] += 1 }
    for block in 1..<starts.count { starts[block] += starts[block - 1] }
    needles = placed.sorted { ($0.block, $0.needle.number) < ($1.block, $1.needle.number) }.map(\.needle)
  }

  var isEmpty: Bool { needles.isEmpty }

  @inline(__always)
  private static func hash(_ bytes: Span<UInt8>, _ end: Int) -> Int {
    let word = UInt32(bytes[end]) | UInt32(bytes[end - 1]) << 8 | UInt32(bytes[end - 2]) << 16
    return Int((word &* 0x9e37_79b1) >> UInt32(32 - tableBits))
  }

  /// Of the eight bytes from `start`.
  private static func check(_ bytes: Span<UInt8>, _ start: Int) -> UInt32 {
    var word: UInt64 = 0
    for offset in 0..<minimumBytes { word = word << 8 | UInt64(bytes[start + offset]) }
    return UInt32(truncatingIfNeeded: (word &* 0x9e37_79b9_7f4a_7c15) >> 32)
  }

  /// Tells of every place where a value stands.
  func forEach(in bytes: Span<UInt8>, _ body: (ValueNumber, Range<Int>) -> Void) {
    guard count > 0 else { return }
    let leaps = leaps.span
    var end = count - 1
    while end < bytes.count {
      let hash = NeedleFinder.hash(bytes, end)
      let leap = Int(leaps[hash])
      if leap > 0 {
        end += leap
        continue
      }
      compare(hash, end - count + 1, bytes, body)
      end += 1
    }
  }

  /// Tells of the values whose beginning ends with a block of that hash, if they begin at `start`.
  private func compare(_ hash: Int, _ start: Int, _ bytes: Span<UInt8>, _ body: (ValueNumber, Range<Int>) -> Void) {
    let some = Int(starts[hash])..<Int(starts[hash + 1])
    if some.isEmpty { return }
    let check = NeedleFinder.check(bytes, start)
    for index in some where needles[index].check == check {
      let length = needles[index].length
      guard length <= bytes.count - start else { continue }
      let range = start..<start + length
      if needles[index].secret.matches(bytes.extracting(range)), stands(range, bytes) {
        body(needles[index].number, range)
      }
    }
  }

  private func stands(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
    if range.count >= NeedleFinder.freeBytes { return true }
    func isWord(_ index: Int) -> Bool {
      guard index >= 0, index < bytes.count else { return false }
      switch bytes[index] {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: return true
      default: return false
      }
    }
    return !isWord(range.lowerBound - 1) && !isWord(range.upperBound)
  }
}
