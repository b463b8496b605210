// Reads a pattern in RE2's syntax and writes one for PCRE2 that finds the same in raw bytes.
//
// Both choose the first alternative that fits, so groups and greed carry over. What differs is written out: characters are
// one to four bytes, `\s` lacks the vertical tab, `$` is the very end, `^` and `$` know the line feed alone. What PCRE2 would
// read as something else is escaped, and what RE2 does not know is refused, with its place.

/// Why a pattern is refused.
public struct RE2Error: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where in the pattern, in characters, counted from 1.
  public var position: Int
  /// What is wrong.
  public var reason: String
  /// `at character N: reason`.
  public var description: String { "at character \(position): \(reason)" }
}

/// A pattern that has been translated.
public struct RE2Translation: Sendable, Equatable {
  /// The pattern for PCRE2, without any of its options.
  public var pattern: String
  /// The number of capture groups.
  public var groupCount: Int
  /// What is not quite the same, in words for people.
  public var notes: [String]

  /// The longest pattern, in bytes.
  public static let maximumBytes = 32_768

  /// Translates a pattern.
  public init(_ text: String) throws(RE2Error) {
    guard text.utf8.count <= RE2Translation.maximumBytes else {
      throw RE2Error(position: 1, reason: "the pattern is longer than \(RE2Translation.maximumBytes) bytes")
    }
    var parser = RE2Parser(text)
    try parser.run()
    pattern = parser.output
    groupCount = parser.groupCount
    notes = parser.notes
  }
}
