// A key inside a longer value: a URL's password, a list's member, `user:key` in base64. It is found by its exact bytes
// and only where it stands for itself, so that a short key is never found inside an unrelated word.

internal import Secrets

/// A key and the forms in which it stands inside longer values.
struct Needle {
  /// A key shorter than this is only ever a whole value.
  static let minimumBytes = 8

  let value: Secret
  /// As it is and, where that differs, percent-encoded with either case of digits, and as JSON writes it.
  private let forms: [(text: Secret, form: Form)]
  /// What of its base64 does not depend on its neighbours, for each of the three places in a group and both alphabets.
  private let cores: [Secret]

  /// How the key is written in a place.
  enum Form: Equatable {
    case plain
    case percent
    case json
    /// The place is the whole stretch of base64, of which the key may be a part.
    case base64(Base64Style)
  }

  struct Place {
    var range: Range<Int>
    var form: Form
  }

  init(_ value: Secret) {
    self.value = value
    var forms: [(text: Secret, form: Form)] = [(value, .plain)]
    var cores: [Secret] = []
    if value.count >= Needle.minimumBytes {
      for digits in [NeedleText.upper, NeedleText.lower] {
        let encoded = NeedleText.percent(value, digits)
        if !forms.contains(where: { $0.text == encoded }) { forms.append((encoded, .percent)) }
      }
      let escaped = NeedleText.json(value)
      if !forms.contains(where: { $0.text == escaped }) { forms.append((escaped, .json)) }
      for isURLSafe in [false, true] {
        for lead in 0..<3 {
          let core = Base64Style.core(of: value, lead: lead, isURLSafe: isURLSafe)
          if !cores.contains(core) { cores.append(core) }
        }
      }
    }
    self.forms = forms
    self.cores = cores
  }

  /// Where the key stands as a part, in order; empty for keys that are too short.
  func places(in bytes: Span<UInt8>) -> [Place] {
    guard value.count >= Needle.minimumBytes else { return [] }
    var found = readable(in: bytes)
    for core in cores {
      core.withBytes { core in
        var at = 0
        while let start = Needle.first(core, in: bytes, from: at) {
          at = start + 1
          guard let place = encoded(around: start..<start + core.count, in: bytes) else { continue }
          if !found.contains(where: { $0.range.overlaps(place.range) }) { found.append(place) }
          at = max(at, place.range.upperBound)
        }
      }
    }
    return found.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The same without base64.
  func readable(in bytes: Span<UInt8>) -> [Place] {
    var found: [Place] = []
    for (text, form) in forms {
      text.withBytes { needle in
        var at = 0
        while let start = Needle.first(needle, in: bytes, from: at) {
          let range = start..<start + needle.count
          at = start + 1
          guard NeedleText.standsAlone(range, in: bytes) else { continue }
          if !found.contains(where: { $0.range.overlaps(range) }) { found.append(Place(range: range, form: form)) }
          at = range.upperBound
        }
      }
    }
    return found.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The stretch of base64 round a hit, if its meaning holds the key by itself.
  private func encoded(around hit: Range<Int>, in bytes: Span<UInt8>) -> Place? {
    guard let run = Base64Run(around: hit, in: bytes) else { return nil }
    // A slash may be a digit or the end of a URL's part.
    for start in run.starts {
      guard let style = run.style(from: start) else { continue }
      var meaning = style.decode(bytes.extracting(start..<run.digits.upperBound)) ?? []
      defer { wipe(&meaning) }
      if !meaning.isEmpty, !readable(in: meaning.span).isEmpty {
        return Place(range: start..<run.upperBound, form: .base64(style))
      }
    }
    return nil
  }

  /// The text that takes the place's place when the key there becomes `new`; nil where no writing of it is safe there.
  func replacement(_ new: Secret, at place: Place, of value: Span<UInt8>) -> Secret? {
    switch place.form {
    case .base64(let style):
      var digits = value.extracting(place.range)
      while digits.count > 0, digits[digits.count - 1] == 0x3d { digits = digits.extracting(0..<digits.count - 1) }
      var meaning = style.decode(digits) ?? []
      defer { wipe(&meaning) }
      guard let inner = replaced(in: meaning.span, new, readable(in: meaning.span)) else { return nil }
      return style.encode(inner)
    case .percent: return NeedleText.percent(new, NeedleText.upper)
    case .json: return NeedleText.json(new)
    case .plain: return NeedleText.plain(new, in: value)
    }
  }

  /// The longer value with `new` at each of the places.
  func replaced(in bytes: Span<UInt8>, _ new: Secret, _ places: [Place]) -> Secret? {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count * 3 + new.count * 6 * max(places.count, 1))
    defer { wipe(&result) }
    var at = 0
    for place in places {
      guard let part = replacement(new, at: place, of: bytes) else { return nil }
      for index in at..<place.range.lowerBound { result.append(bytes[index]) }
      part.withBytes { part in
        for index in part.indices { result.append(part[index]) }
      }
      at = place.range.upperBound
    }
    for index in at..<bytes.count { result.append(bytes[index]) }
    return Secret(result)
  }

  /// Whether the key may stand in the bytes at all: quick, and never wrong when it says no.
  func mayStand(in bytes: Span<UInt8>) -> Bool {
    if value.count < Needle.minimumBytes { return value.withBytes { Needle.first($0, in: bytes, from: 0) != nil } }
    return (forms.map(\.text) + cores).contains { $0.withBytes { Needle.first($0, in: bytes, from: 0) != nil } }
  }

  /// The first place of `needle` at or after `start`; looks at the last byte first and leaps (Horspool).
  static func first(_ needle: Span<UInt8>, in bytes: Span<UInt8>, from start: Int) -> Int? {
    let count = needle.count
    guard count > 0, bytes.count - start >= count else { return nil }
    var leaps = [Int](repeating: count, count: 256)
    for index in 0..<count - 1 { leaps[Int(needle[index])] = count - 1 - index }
    var at = start
    while at <= bytes.count - count {
      let last = bytes[at + count - 1]
      if last == needle[count - 1] {
        var matched = 0
        while matched < count - 1, bytes[at + matched] == needle[matched] { matched += 1 }
        if matched == count - 1 { return at }
      }
      at += leaps[Int(last)]
    }
    return nil
  }
}
