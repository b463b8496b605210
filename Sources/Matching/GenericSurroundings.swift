// Measures what stands round a value: the name, the rest of the line, the lines before and behind.

extension GenericVector {
  /// How far before the name, and behind the value, words of other lines count.
  private static let nearBytes = 200
  /// How many traits are features.
  private static let traitCount = 12

  /// Everything that the name and the rest of the line tell.
  mutating func measureOwnLine(_ claim: GenericClaim, _ bytes: Span<UInt8>) {
    let window = GenericWindow(bytes, around: claim.whole.lowerBound, claim.whole.count)
    measureSyntax(claim)
    measureName(claim, bytes)
    measureLine(claim, window)
    if claim.form == .url { measureAddress(claim, window) }
    if !claim.callee.isEmpty {
      note(
        claim.callee, of: bytes, in: GenericVocabulary.callee, from: GenericLayout.callee, splitsCase: true, last: true)
    }
  }

  private mutating func measureSyntax(_ claim: GenericClaim) {
    self[.form] = Int(claim.form.rawValue)
    self[.quote] = Int(claim.quote.rawValue)
    let traits = Int(claim.traits.rawValue)
    // The traits' bits and their features stand in the same order.
    for bit in 0..<GenericVector.traitCount where traits >> bit & 1 == 1 {
      values[GenericFeature.nameQuoted.rawValue + bit] = 1
    }
    self[.gap] = min(100, max(0, claim.value.lowerBound - claim.name.upperBound))
  }

  private mutating func measureName(_ claim: GenericClaim, _ bytes: Span<UInt8>) {
    guard !claim.name.isEmpty else { return }
    let (words, known) = note(
      claim.name, of: bytes, in: GenericVocabulary.name, from: GenericLayout.name, splitsCase: true, last: true)
    self[.nameLength] = claim.name.count
    self[.nameParts] = words
    self[.unknownParts] = words - known
    var (lower, upper, digits, under, dash, dots) = (0, 0, 0, 0, 0, 0)
    for at in claim.name {
      switch bytes[at] {
      case 0x61...0x7a: lower += 1
      case 0x41...0x5a: upper += 1
      case 0x30...0x39: digits += 1
      case 0x5f: under += 1
      case 0x2d: dash += 1
      case 0x2e: dots += 1
      default: break
      }
    }
    self[.nameDigits] = digits
    self[.nameDots] = dots
    let first = bytes[claim.name.lowerBound]
    self[.nameForm] =
      under > 0 ? (lower == 0 ? 1 : 2) : dash > 0 ? 3 : upper == 0 ? 4 : lower == 0 ? 5 : Bytes.isUpper(first) ? 6 : 7
    compareWithName(claim, bytes)
    measureRoles(claim.name, bytes)
  }

  /// What the parts of the name stand for: the last, the one before it, and the most telling.
  private mutating func measureRoles(_ name: Range<Int>, _ bytes: Span<UInt8>) {
    let roles = GenericRoles(name, of: bytes)
    self[.nameHead] = roles.last.rawValue
    self[.nameBeforeHead] = roles.before.rawValue
    self[.nameBest] = roles.best.rawValue
    self[.publicName] = roles.isPublic ? 1 : 0
  }

  private mutating func measureLine(_ claim: GenericClaim, _ window: borrowing GenericWindow) {
    let start = max(window.lineStart(claim.whole.lowerBound), claim.whole.lowerBound - GenericVector.nearBytes)
    let end = window.lineEnd(claim.value.upperBound, most: GenericVector.nearBytes)
    let text = window.skipBlanks(start)
    self[.indent] = min(100, text - start)
    self[.lineLength] = min(2_000, end - start)
    self[.nameColumn] = min(1_000, claim.whole.lowerBound - text)
    self[.firstOfLine] = claim.whole.lowerBound - text <= 1 ? 1 : 0
    self[.commentMark] = GenericVector.commentMark(text, window)
    self[.isDiff] =
      text == start && (window[start] == 0x2b || window[start] == 0x2d) && !Bytes.isBlank(window[start + 1]) ? 1 : 0
    self[.beforeName] = GenericVector.kind(window[claim.whole.lowerBound - 1])
    self[.afterValue] = GenericVector.kind(window[claim.value.upperBound])
    var rest = claim.value.upperBound
    if window[rest] == 0x5c { rest += 1 }
    if Bytes.isQuote(window[rest]) { rest += 1 }
    self[.afterBlank] = GenericVector.kind(window[window.skipBlanks(rest)])
    self[.restLength] = min(200, max(0, end - rest))
    let before = note(
      start..<claim.whole.lowerBound, of: window.bytes, in: GenericVocabulary.line, from: GenericLayout.line,
      splitsCase: true)
    let behind = note(
      min(rest, end)..<end, of: window.bytes, in: GenericVocabulary.line, from: GenericLayout.line, splitsCase: true)
    self[.restWords] = behind.words
    self[.valueColumn] = before.words
    countLine(start, claim, end, window)
  }

  private mutating func countLine(_ start: Int, _ claim: GenericClaim, _ end: Int, _ window: borrowing GenericWindow) {
    var (quotes, equals, parentheses, braces, angles) = (0, 0, 0, 0, 0)
    for at in start..<max(start, end) where !claim.value.contains(at) {
      switch window[at] {
      case 0x22, 0x27, 0x60: quotes += 1
      case 0x3d: equals += 1
      case 0x28: parentheses += 1
      case 0x7b: braces += 1
      case 0x3c, 0x3e: angles += 1
      default: break
      }
    }
    self[.lineQuotes] = quotes
    self[.lineEquals] = equals
    self[.lineParenthesis] = parentheses
    self[.lineBrace] = braces
    self[.lineAngles] = angles
    var last = end
    while last > start, Bytes.isBlank(window[last - 1]) || window[last - 1] == 0x0d { last -= 1 }
    self[.lineSemicolon] = GenericVector.kind(window[last - 1])
  }

  /// 1 `#`, 2 `//`, 3 `*`, 4 `--`, 5 `;`, 6 `<!--`, 7 `>`, 8 `$`, 9 `- `.
  private static func commentMark(_ at: Int, _ window: borrowing GenericWindow) -> Int {
    let next = window[at + 1]
    switch window[at] {
    case 0x23: return next == 0x64 || next == 0x69 ? 0 : 1
    case 0x2f where next == 0x2f || next == 0x2a: return 2
    case 0x2a: return 3
    case 0x2d where next == 0x2d: return 4
    case 0x3b: return 5
    case 0x3c where next == 0x21: return 6
    case 0x3e: return 7
    case 0x24 where next == 0x20: return 8
    case 0x2d where next == 0x20: return 9
    default: return 0
    }
  }

  /// Everything that the lines round the claim's own tell.
  mutating func measureNear(_ claim: GenericClaim, _ bytes: Span<UInt8>) {
    let window = GenericWindow(bytes, around: claim.whole.lowerBound, claim.whole.count)
    let lineStart = window.lineStart(claim.whole.lowerBound)
    let lineEnd = window.lineEnd(claim.value.upperBound, most: GenericVector.nearBytes)
    let start = max(
      window.low, max(lineStart - GenericVector.nearBytes, claim.whole.lowerBound - GenericLimits.bytesBefore))
    let end = min(window.high, lineEnd + GenericVector.nearBytes)
    if start < lineStart { noteNear(start..<lineStart, window) }
    if lineEnd < end { noteNear(lineEnd..<end, window) }
    self[.nearBlankBefore] = lineStart - 2 >= start && window[lineStart - 2] == 0x0a ? 1 : 0
  }

  private mutating func noteNear(_ range: Range<Int>, _ window: borrowing GenericWindow) {
    note(range, of: window.bytes, in: GenericVocabulary.near, from: GenericLayout.near, splitsCase: true)
    var (lines, equals, colons, quotes, semicolons, parentheses) = (0, 0, 0, 0, 0, 0)
    for at in range {
      switch window.bytes[at] {
      case 0x0a: lines += 1
      case 0x3d: equals += 1
      case 0x3a: colons += 1
      case 0x22, 0x27: quotes += 1
      case 0x3b: semicolons += 1
      case 0x28: parentheses += 1
      default: break
      }
    }
    self[.nearEquals] += equals
    self[.nearColons] += colons
    self[.nearQuotes] += quotes
    self[.nearSemicolons] += semicolons
    self[.nearParentheses] += parentheses
    if lines <= 1 { self[.nearLong] += 1 }
  }

  private mutating func measureAddress(_ claim: GenericClaim, _ window: borrowing GenericWindow) {
    self[.userLength] = claim.callee.count
    self[.userTemplate] = claim.callee.contains { [0x24, 0x7b, 0x25, 0x3c].contains(window[$0]) } ? 1 : 0
    let host = claim.value.upperBound + 1
    if window.holds("localhost", at: host) || window.holds("127.0.0.1", at: host) { self[.hostLocal] = 1 }
    if [0x24, 0x7b, 0x25, 0x3c, 0x28].contains(window[host]) { self[.hostTemplate] = 1 }
    for at in host..<host + 40 {
      if window[at] == 0x2f || window[at] <= 0x20 { break }
      if window.holds("example", at: at) || window.holds("host", at: at) || window.holds("foo", at: at) {
        self[.hostExample] = 1
      }
    }
    self[.schemeKind] =
      window.holds("http", at: claim.name.lowerBound) ? 1 : window.holds("ssh", at: claim.name.lowerBound) ? 2 : 3
  }
}
