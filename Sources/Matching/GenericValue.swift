// Reads one value: where it begins and ends, and how it is quoted.

enum GenericValue {
  /// The claim of the value at the cursor; nil where there is none worth judging.
  static func claim(_ cursor: GenericCursor, _ window: borrowing GenericWindow) -> GenericClaim? {
    var claim = GenericClaim(
      form: cursor.form, quote: .none, traits: cursor.traits, name: cursor.name, callee: cursor.callee, value: 0..<0)
    var at = cursor.at
    let first = window[at]
    if first == 0x5c, Bytes.isQuote(window[at + 1]) {
      claim.quote = .escaped
      at += 2
    } else if Bytes.isQuote(first) {
      claim.quote = first == 0x22 ? .double : first == 0x27 ? .single : .back
      at += 1
      if window[at] == first, window[at + 1] == first {
        claim.quote = .triple
        at += 2
      } else if window[at] == 0x5c, window[at + 1] == 0x22 {
        // `"\"value\""`: code that is written by code.
        claim.quote = .escaped
        at += 2
      }
    } else if window.holds("&quot;", at: at) || window.holds("&#34;", at: at) {
      claim.quote = .escaped
      at += window[at + 1] == 0x23 ? 5 : 6
    } else if cursor.callee.isEmpty == false || cursor.traits.contains(.nested) && cursor.form == .call {
      return nil
    }
    at = skipScheme(at, window)
    let end = claim.quote == .none ? unquotedEnd(at, &claim, window) : quotedEnd(at, first, &claim, window)
    guard end - at >= GenericLimits.leastBytes else { return nil }
    if claim.quote == .none, isAssignment(at, end, window) { return nil }
    claim.value = at..<end
    if claim.quote != .none { readJoint(&claim, window) }
    return claim
  }

  /// `Cookie: session=…`, `-e PASSWORD=…`: what follows is itself a name with a value.
  private static func isAssignment(_ start: Int, _ end: Int, _ window: borrowing GenericWindow) -> Bool {
    var at = start
    while at < min(end, start + 40), Bytes.isLetter(window[at]) || window[at] == 0x5f || window[at] == 0x2d { at += 1 }
    return at - start >= 2 && at + 1 < end && window[at] == 0x3d && window[at + 1] != 0x3d
  }

  /// `Bearer value`, `Basic value`: the scheme is no part of the secret.
  private static func skipScheme(_ at: Int, _ window: borrowing GenericWindow) -> Int {
    let schemes: [(StaticString, Int)] = [
      ("bearer ", 7), ("basic ", 6), ("token ", 6), ("apikey ", 7), ("digest ", 7), ("token=", 6), ("apikey=", 7),
    ]
    for (scheme, count) in schemes where window.holds(scheme, at: at) { return window.skipBlanks(at + count, most: 4) }
    return at
  }

  private static func quotedEnd(
    _ start: Int, _ quote: UInt8, _ claim: inout GenericClaim, _ window: borrowing GenericWindow
  ) -> Int {
    var at = start
    let spansLines = claim.quote == .back || claim.quote == .triple
    while at < window.high {
      let byte = window[at]
      switch byte {
      case 0x0a where !spansLines, 0x0d where !spansLines:
        claim.traits.insert(.unclosed)
        return at
      case 0x5c:
        if claim.quote == .escaped, Bytes.isQuote(window[at + 1]) { return at }
        // `\\\"` inside a string inside a string.
        at += 2
      case 0x26
      where claim.quote == .escaped && quote == 0x26
        && (window.holds("&quot;", at: at) || window.holds("&#34;", at: at)):
        return at
      case quote where claim.quote != .escaped: return at
      case 0x22 where claim.quote == .escaped, 0x27 where claim.quote == .escaped && window[start - 1] == 0x27:
        return at
      default: at += 1
      }
    }
    claim.traits.insert(.clipped)
    return min(at, window.high)
  }

  /// A value without quotes ends at a blank, a quote, a tag, or what separates settings.
  private static func unquotedEnd(_ start: Int, _ claim: inout GenericClaim, _ window: borrowing GenericWindow) -> Int {
    var at = start
    let limit = min(window.high, start + GenericLimits.unquotedBytes)
    scan: while at < limit {
      switch window[at] {
      case 0, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x27, 0x60: break scan
      case 0x3c: break scan
      case 0x5d where claim.form == .element && window[at + 1] == 0x5d && window[at + 2] == 0x3e: break scan
      case 0x3e where claim.form != .element: break scan
      case 0x26, 0x3b, 0x2c, 0x7c:
        // `a=1&b=2`, `Server=x;Password=y;`, `a, b`: the separator ends the value; inside one it does not.
        if separates(at, window) { break scan }
        at += 1
      case 0x29, 0x5d, 0x7d:
        if claim.form != .element, closes(at, start, window) { break scan }
        at += 1
      case 0x5c
      where Bytes.isQuote(window[at + 1]) || window[at + 1] == 0x6e || window[at + 1] == 0x0a || window[at + 1] == 0x72:
        break scan
      default: at += 1
      }
    }
    if at == limit { claim.traits.insert(.clipped) }
    // What ends a sentence or a statement.
    while at > start, [0x2c, 0x3b].contains(window[at - 1]) { at -= 1 }
    return at
  }

  private static func separates(_ at: Int, _ window: borrowing GenericWindow) -> Bool {
    var place = window.skipBlanks(at + 1)
    if place > at + 1 || Bytes.isBreak(window[place]) { return true }
    if Bytes.isQuote(window[place]) { return true }
    let start = place
    while place < start + 40, Bytes.isWord(window[place]) || window[place] == 0x20 || window[place] == 0x2d {
      place += 1
    }
    return place > start && (window[place] == 0x3d || window[place] == 0x3a)
  }

  /// Whether a closing bracket ends the value: there is none in it that it could close, and nothing of the value follows.
  private static func closes(_ at: Int, _ start: Int, _ window: borrowing GenericWindow) -> Bool {
    let opening: UInt8 = window[at] == 0x29 ? 0x28 : window[at] - 2
    for place in max(start, at - 64)..<at where window[place] == opening { return false }
    return !Bytes.isAlphanumeric(window[at + 1])
  }

  /// What follows a literal: another literal, or something that is none.
  private static func readJoint(_ claim: inout GenericClaim, _ window: borrowing GenericWindow) {
    var at = claim.value.upperBound
    if window[at] == 0x5c { at += 1 }
    guard Bytes.isQuote(window[at]) else { return }
    at = window.skipBlanks(at + 1)
    let byte = window[at]
    let next = window[at + 1]
    let isJoint =
      byte == 0x2b && next != 0x2b || byte == 0x2e && (next == 0x20 || next == 0x2e || next == 0x24)
      || byte == 0x25 && next == 0x20 || byte == 0x26 && next == 0x20
      || byte == 0x2e && window.holds(".format", at: at)
    if isJoint { claim.traits.insert(.joined) }
  }
}
