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

  private let values: [(number: ValueNumber, secret: Secret)]
  private let count: Int
  /// By hashed block: how far the search may go on when it ends so.
  private var leaps = [UInt8](repeating: 0, count: 1 << NeedleFinder.tableBits)
  /// The values whose beginning ends with a block of that hash.
  private var buckets: [Int: [Int]] = [:]

  /// Values that are too short are left out.
  init(_ all: [(number: ValueNumber, secret: Secret)]) {
    values = all.filter { $0.secret.count >= NeedleFinder.minimumBytes }
    count = min(values.map(\.secret.count).min() ?? 0, 200)
    guard count > 0 else { return }
    let furthest = UInt8(count - 2)
    for index in leaps.indices { leaps[index] = furthest }
    for (index, value) in values.enumerated() {
      value.secret.withBytes { bytes in
        for end in 2..<count {
          let hash = NeedleFinder.hash(bytes, end)
          leaps[hash] = min(leaps[hash], UInt8(count - 1 - end))
          if end == count - 1 { buckets[hash, default: []].append(index) }
        }
      }
    }
  }

  var isEmpty: Bool { values.isEmpty }

  private static func hash(_ bytes: Span<UInt8>, _ end: Int) -> Int {
    let word = UInt32(bytes[end]) | UInt32(bytes[end - 1]) << 8 | UInt32(bytes[end - 2]) << 16
    return Int((word &* 0x9e37_79b1) >> UInt32(32 - tableBits))
  }

  /// Tells of every place where a value stands.
  func forEach(in bytes: Span<UInt8>, _ body: (ValueNumber, Range<Int>) -> Void) {
    guard count > 0 else { return }
    var end = count - 1
    while end < bytes.count {
      let hash = NeedleFinder.hash(bytes, end)
      let leap = Int(leaps[hash])
      if leap > 0 {
        end += leap
        continue
      }
      for index in buckets[hash] ?? [] {
        let start = end - count + 1
        let length = values[index].secret.count
        guard length <= bytes.count - start else { continue }
        let range = start..<start + length
        let isHere = values[index].secret.withBytes { secret in
          secret.indices.allSatisfy { secret[$0] == bytes[start + $0] }
        }
        if isHere, stands(range, bytes) { body(values[index].number, range) }
      }
      end += 1
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
