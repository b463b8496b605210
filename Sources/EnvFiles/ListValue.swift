// A value that holds several keys, all of which its reader accepts: `new,old` or `["new", "old"]`. The new key goes
// first and the old one goes when it is dead, so that no moment is without a key that both sides know.

internal import Formats
internal import Secrets

/// A value taken apart into its members.
struct ListValue {
  /// The members' tokens, quotes included.
  private let items: [Range<Int>]
  let members: [Secret]
  private let isJSON: Bool
  private let bytes: Secret

  /// The most members that are looked at.
  static let maximumMembers = 10_000

  /// Nil where the value is a JSON document of another kind.
  init?(_ value: Secret) {
    bytes = value
    var copy = value.copyBytes()
    defer { wipe(&copy) }
    let first = copy.first { $0 > 0x20 }
    isJSON = first == 0x5b
    if isJSON {
      guard let list = (try? JSON.parse(copy, name: "list"))?.array, list.count <= ListValue.maximumMembers else {
        return nil
      }
      let texts = list.compactMap(\.secret)
      guard texts.count == list.count else { return nil }
      items = list.map(\.span)
      members = texts
      return
    }
    guard first != 0x7b else { return nil }
    let separator: UInt8 = copy.contains(0x2c) || !copy.contains(0x3b) ? 0x2c : 0x3b
    let ranges = ListValue.split(copy, separator)
    guard ranges.count <= ListValue.maximumMembers else { return nil }
    items = ranges
    members = ranges.map { Secret(copying: copy.span.extracting($0)) }
  }

  private static func split(_ bytes: [UInt8], _ separator: UInt8) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = 0
    for end in 0...bytes.count where end == bytes.count || bytes[end] == separator {
      var (low, high) = (start, end)
      while low < high, bytes[low] <= 0x20 { low += 1 }
      while high > low, bytes[high - 1] <= 0x20 { high -= 1 }
      if low < high { found.append(low..<high) }
      start = end + 1
    }
    return found
  }

  func holds(_ key: Secret) -> Bool { members.contains(key) }

  /// The list with `new` as its first member; nil where it can't be written there.
  func adding(_ new: Secret) -> Secret? {
    guard let first = items.first, let token = token(new) else { return nil }
    return token.withBytes { token in
      var result: [UInt8] = []
      defer { wipe(&result) }
      bytes.withBytes { bytes in
        result.reserveCapacity(bytes.count * 2 + token.count + 2)
        for index in 0..<first.lowerBound { result.append(bytes[index]) }
        for index in token.indices { result.append(token[index]) }
        if items.count > 1 {
          for index in first.upperBound..<items[1].lowerBound { result.append(bytes[index]) }
        } else {
          result.append(0x2c)
        }
        for index in first.lowerBound..<bytes.count { result.append(bytes[index]) }
      }
      return Secret(result)
    }
  }

  /// The list without `old`; nil where nothing would be left, or nothing is to be done.
  func removing(_ old: Secret) -> Secret? {
    let kept = items.indices.filter { members[$0] != old }
    guard !kept.isEmpty, kept.count < items.count else { return nil }
    var gone: [Range<Int>] = []
    for index in items.indices where members[index] == old {
      // With the separator behind it, or, where nothing that stays follows, with the one before.
      if kept.contains(where: { $0 > index }) {
        gone.append(items[index].lowerBound..<items[index + 1].lowerBound)
      } else {
        gone.append(items[index - 1].upperBound..<items[index].upperBound)
      }
    }
    return bytes.withBytes { bytes in
      var result: [UInt8] = []
      result.reserveCapacity(bytes.count)
      defer { wipe(&result) }
      for index in bytes.indices where !gone.contains(where: { $0.contains(index) }) { result.append(bytes[index]) }
      return Secret(result)
    }
  }

  private func token(_ new: Secret) -> Secret? {
    if isJSON {
      guard String(validating: new.copyBytes(), as: UTF8.self) != nil else { return nil }
      var text: [UInt8] = [0x22]
      text.reserveCapacity(new.count * 6 + 2)
      defer { wipe(&text) }
      NeedleText.json(new).withBytes { inner in
        for index in inner.indices { text.append(inner[index]) }
      }
      text.append(0x22)
      return Secret(text)
    }
    let special = Array(",;\"'[]{}".utf8)
    let isPlain = new.withBytes { bytes in
      bytes.indices.allSatisfy { (0x21...0x7e).contains(bytes[$0]) && !special.contains(bytes[$0]) }
    }
    return isPlain && new.count > 0 ? new : nil
  }
}
