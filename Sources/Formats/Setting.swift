// A named value in a configuration file: which bytes hold it, how it is quoted, and what it means to the file's reader.

public import Secrets

/// How a value is quoted.
public enum SettingQuoting: String, Sendable, Equatable {
  /// Not at all.
  case none
  /// `'…'`
  case single
  /// `"…"`
  case double
  /// `` `…` ``
  case backtick
}

/// A named value in a configuration file.
public struct Setting: Sendable {
  /// A file with this many settings is refused: it is no configuration, and each of them takes memory.
  public static let maximumCount = 200_000
  /// A key longer than this many bytes is not named.
  static let maximumKeyBytes = 4_096

  let source: SourceText
  let decoding: SettingDecoding
  /// The name.
  public let key: String
  /// The bytes of the name.
  public let keySpan: Range<Int>
  /// The whole token, quotes included.
  public let span: Range<Int>
  /// What stands between the quotes; the same as ``span`` where there are none.
  public let inner: Range<Int>
  /// The quotes.
  public let quoting: SettingQuoting
  /// The line of the name, counted from 1.
  public let line: Int
  /// Whether `export` stands before the name.
  public let isExported: Bool
  /// Why what the readers make of it is not certain; nil when it is.
  public let doubt: String?

  /// The meaning; nil while there is ``doubt``.
  public var value: Secret? {
    guard doubt == nil else { return nil }
    var bytes = source.withBytes { decoding.decode($0, inner) }
    defer { wipe(&bytes) }
    return Secret(bytes)
  }

  /// The bytes of ``span``, as they stand in the file.
  public var token: Secret { source.withBytes { Secret(copying: $0.extracting(span)) } }

  /// The bytes of ``inner``, as they stand in the file.
  public var innerBytes: Secret { source.withBytes { Secret(copying: $0.extracting(inner)) } }

  /// Whether both would be read alike, without decoding either: same name, same token, same doubt.
  public func isSame(as other: Setting) -> Bool {
    guard key == other.key, quoting == other.quoting, decoding == other.decoding, isExported == other.isExported,
      (doubt == nil) == (other.doubt == nil), span.count == other.span.count
    else { return false }
    return source.withBytes { left in
      other.source.withBytes { right in
        for offset in 0..<span.count
        where left[span.lowerBound + offset] != right[other.span.lowerBound + offset] {
          return false
        }
        return true
      }
    }
  }

  /// The same, in doubt.
  func doubted(_ doubt: String) -> Setting {
    Setting(
      source: source, decoding: decoding, key: key, keySpan: keySpan, span: span, inner: inner, quoting: quoting,
      line: line, isExported: isExported, doubt: self.doubt ?? doubt)
  }

  /// The same, under another name.
  func renamed(_ name: String) -> Setting {
    Setting(
      source: source, decoding: decoding, key: name, keySpan: keySpan, span: span, inner: inner, quoting: quoting,
      line: line, isExported: isExported, doubt: doubt)
  }

  /// The same, for a token that is base64 of the value. What YAML would otherwise take it for is no matter then.
  func encodedInBase64() -> Setting {
    Setting(
      source: source, decoding: .base64, key: key, keySpan: keySpan, span: span, inner: inner, quoting: quoting,
      line: line, isExported: isExported, doubt: doubt == YAMLScalar.notText ? nil : doubt)
  }
}
