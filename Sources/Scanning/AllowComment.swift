// Comments that allow a line: ours, and those of the other scanners, so that a repository's old ones go on working.

/// A comment on (or just before) a line that says its secret is none.
public struct AllowComment: Sendable, Equatable {
  /// The words that were found, such as `keywright:allow`.
  public var marker: String
  /// What stands behind them, up to the comment's end.
  public var reason: String?

  private struct Marker {
    var text: StaticString
    /// Whether it may stand on the line before.
    var onLineBefore: Bool
    /// Whether it may stand on the line itself.
    var onLine = true
  }

  private static let markers: [Marker] = [
    Marker(text: "keywright:allow", onLineBefore: false), Marker(text: "gitleaks:allow", onLineBefore: false),
    Marker(text: "betterleaks:allow", onLineBefore: false), Marker(text: "trufflehog:ignore", onLineBefore: false),
    Marker(text: "kingfisher:ignore", onLineBefore: true), Marker(text: "ggignore", onLineBefore: false),
    Marker(text: "pragma: allowlist secret", onLineBefore: false),
    Marker(text: "pragma: whitelist secret", onLineBefore: false),
    Marker(text: "pragma: allowlist nextline secret", onLineBefore: true, onLine: false),
    Marker(text: "pragma: whitelist nextline secret", onLineBefore: true, onLine: false),
  ]

  /// The longest line that is searched, and the longest reason that is kept, in bytes.
  private static let maximumLineBytes = 16_384
  private static let maximumReasonBytes = 200

  /// The comment that allows the lines of `range`, if there is one.
  ///
  /// - Parameters:
  ///   - bytes: the whole content.
  ///   - range: the secret's bytes; of a longer one the first and the last line count.
  public static func find(in bytes: Span<UInt8>, at range: Range<Int>) -> AllowComment? {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return nil }
    let first = line(bytes, at: range.lowerBound)
    let last = line(bytes, at: max(range.lowerBound, range.upperBound - 1))
    for marker in markers where marker.onLine {
      for line in first == last ? [first] : [first, last] {
        if let comment = search(marker, bytes, line) { return comment }
      }
    }
    guard first.lowerBound > 0 else { return nil }
    let before = line(bytes, at: first.lowerBound - 1)
    for marker in markers where marker.onLineBefore {
      if let comment = search(marker, bytes, before) { return comment }
    }
    return nil
  }

  private static func line(_ bytes: Span<UInt8>, at offset: Int) -> Range<Int> {
    var start = offset
    while start > 0, bytes[start - 1] != 0x0a, offset - start < maximumLineBytes { start -= 1 }
    var end = offset
    while end < bytes.count, bytes[end] != 0x0a, end - offset < maximumLineBytes { end += 1 }
    return start..<end
  }

  private static func search(_ marker: Marker, _ bytes: Span<UInt8>, _ line: Range<Int>) -> AllowComment? {
    let count = marker.text.utf8CodeUnitCount
    guard line.count >= count else { return nil }
    let text = "\(marker.text)"
    let wanted = Array(text.utf8)
    for start in line.lowerBound...line.upperBound - count {
      if wanted.indices.allSatisfy({ bytes[start + $0] == wanted[$0] }) {
        return AllowComment(marker: text, reason: reason(bytes, start + count..<line.upperBound))
      }
    }
    return nil
  }

  /// The rest of the comment without its closing mark.
  private static func reason(_ bytes: Span<UInt8>, _ rest: Range<Int>) -> String? {
    var text = String(decoding: rest.prefix(maximumReasonBytes).map { bytes[$0] }, as: UTF8.self)
    for end in ["*/", "-->", "--}}", "#}", "%>"] {
      if let close = text.firstRange(of: end) { text = String(text[..<close.lowerBound]) }
    }
    let words = text.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
    let trimmed = words.drop { ":-– ".contains($0) }
    return trimmed.isEmpty ? nil : String(trimmed)
  }
}
