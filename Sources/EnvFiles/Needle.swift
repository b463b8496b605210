// A key inside a longer value: a URL's password, a list's member. It is found by its exact bytes and only where it
// stands for itself, so that a short key is never found inside an unrelated word.

internal import Secrets

/// A key and the forms in which it stands inside longer values.
struct Needle {
  /// A key shorter than this is only ever a whole value.
  static let minimumBytes = 8

  let value: Secret
  /// As it is and, where that differs, percent-encoded with either case of digits.
  private let forms: [Secret]

  struct Place {
    var range: Range<Int>
    /// Whether it is percent-encoded there.
    var isEncoded: Bool
  }

  init(_ value: Secret) {
    self.value = value
    var forms = [value]
    if value.count >= Needle.minimumBytes {
      for digits in [Needle.upper, Needle.lower] {
        let encoded = Needle.encoded(value, digits)
        if !forms.contains(encoded) { forms.append(encoded) }
      }
    }
    self.forms = forms
  }

  /// Where the key stands as a part, in order; empty for keys that are too short.
  func places(in bytes: Span<UInt8>) -> [Place] {
    guard value.count >= Needle.minimumBytes else { return [] }
    var found: [Place] = []
    for (index, form) in forms.enumerated() {
      form.withBytes { needle in
        var at = 0
        while let start = Needle.first(needle, in: bytes, from: at) {
          let range = start..<start + needle.count
          at = start + 1
          guard Needle.standsAlone(range, in: bytes) else { continue }
          if !found.contains(where: { $0.range.overlaps(range) }) {
            found.append(Place(range: range, isEncoded: index > 0))
          }
          at = range.upperBound
        }
      }
    }
    return found.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The text that takes the key's place in a value of which it is a part; nil where no writing of it is safe there.
  static func part(_ new: Secret, at place: Place, of value: Span<UInt8>) -> Secret? {
    if new.withBytes({ bytes in bytes.indices.allSatisfy { isUnreserved(bytes[$0]) } }) { return new }
    let isURL = contains(Array("://".utf8), value)
    if place.isEncoded || isURL { return encoded(new, upper) }
    // Elsewhere it may stand in a JSON list, a comma list or behind `Bearer `: nothing that separates or quotes there.
    let isSafe = new.withBytes { bytes in
      bytes.indices.allSatisfy { (0x21...0x7e).contains(bytes[$0]) && !unsafeInLists.contains(bytes[$0]) }
    }
    return isSafe ? new : nil
  }

  private static let upper = Array("0123456789ABCDEF".utf8)
  private static let lower = Array("0123456789abcdef".utf8)
  private static let unsafeInLists = Array("\"'\\,;`$#&|<>(){}[]".utf8)

  private static func encoded(_ value: Secret, _ digits: [UInt8]) -> Secret {
    var text: [UInt8] = []
    text.reserveCapacity(value.count * 3)
    defer { wipe(&text) }
    value.withBytes { bytes in
      for index in bytes.indices {
        let byte = bytes[index]
        if isUnreserved(byte) {
          text.append(byte)
        } else {
          text += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
      }
    }
    return Secret(text)
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    isWord(byte) || byte == 0x2e || byte == 0x7e
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x2d: true
    default: false
    }
  }

  private static func standsAlone(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    (range.lowerBound == 0 || !isWord(bytes[range.lowerBound - 1]))
      && (range.upperBound == bytes.count || !isWord(bytes[range.upperBound]))
  }

  private static func contains(_ text: [UInt8], _ bytes: Span<UInt8>) -> Bool {
    first(text.span, in: bytes, from: 0) != nil
  }

  private static func first(_ needle: Span<UInt8>, in bytes: Span<UInt8>, from start: Int) -> Int? {
    guard needle.count > 0, bytes.count >= needle.count else { return nil }
    var at = start
    while at <= bytes.count - needle.count {
      var matched = 0
      while matched < needle.count, bytes[at + matched] == needle[matched] { matched += 1 }
      if matched == needle.count { return at }
      at += 1
    }
    return nil
  }
}
