// Comments that allow a line: ours, and those of the other scanners, so that a repository's old ones go on working.

/// A comment on (or just before) a line that says its secret is none.
public struct AllowComment: Sendable, Equatable {
  /// The words that were found, such as `keywright:allow`.
  public var marker: String
  /// What stands behind them, up to the comment's end.
  public var reason: String?

  private struct Marker {
    var text: String
    var bytes: [UInt8]
    /// Whether it may stand on the line before.
    var onLineBefore: Bool
    /// Whether it may stand on the line itself.
    var onLine: Bool

    init(_ text: String, onLineBefore: Bool = false, onLine: Bool = true) {
      self.text = text
      bytes = Array(text.utf8)
      self.onLineBefore = onLineBefore
      self.onLine = onLine
    }
  }

  private static let markers: [Marker] = [
    Marker("keywright:allow"), Marker("gitleaks:allow"), Marker("betterleaks:allow"), Marker("trufflehog:ignore"),
    Marker("kingfisher:ignore", onLineBefore: true), Marker("ggignore"), Marker("pragma: allowlist secret"),
    Marker("pragma: whitelist secret"), Marker("pragma: allowlist nextline secret", onLineBefore: true, onLine: false),
    Marker("pragma: whitelist nextline secret", onLineBefore: true, onLine: false),
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
    let onLine = markers.filter(\.onLine)
    if let comment = search(onLine, bytes, first == last ? [first] : [first, last]) { return comment }
    guard first.lowerBound > 0 else { return nil }
    return search(markers.filter(\.onLineBefore), bytes, [line(bytes, at: first.lowerBound - 1)])
  }

  private static func line(_ bytes: Span<UInt8>, at offset: Int) -> Range<Int> {
    var start = offset
    while start > 0, bytes[start - 1] != 0x0a, offset - start < maximumLineBytes { start -= 1 }
    var end = offset
    while end < bytes.count, bytes[end] != 0x0a, end - offset < maximumLineBytes { end += 1 }
    return start..<end
  }

  /// The first of the markers that stands on one of the lines. Each line is gone over once, for all of them: a long one
  /// may be full of secrets, and is gone over for each.
  private static func search(_ markers: [Marker], _ bytes: Span<UInt8>, _ lines: [Range<Int>]) -> AllowComment? {
    var isFirst = [Bool](repeating: false, count: 256)
    for marker in markers { for byte in marker.bytes.prefix(1) { isFirst[Int(byte)] = true } }
    var best = markers.count
    var found: Range<Int>?
    for line in lines {
      for start in line where isFirst[Int(bytes[start])] {
        for number in 0..<best where stands(markers[number].bytes, in: bytes, at: start, before: line.upperBound) {
          best = number
          found = start + markers[number].bytes.count..<line.upperBound
          break
        }
      }
    }
    return found.map { AllowComment(marker: markers[best].text, reason: reason(bytes, $0)) }
  }

  private static func stands(_ text: [UInt8], in bytes: Span<UInt8>, at start: Int, before end: Int) -> Bool {
    guard text.count <= end - start else { return false }
    for index in text.indices where bytes[start + index] != text[index] { return false }
    return true
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
