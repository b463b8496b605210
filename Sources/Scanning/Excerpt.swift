// The line that something was found on, with every value on it masked: for a person who is to see why.

public import Git
public import Model

/// Reads lines around findings again.
public struct Excerpts {
  private let reader: StoreReader
  /// Longer lines are cut round the value.
  private static let maximumBytes = 160
  private static let contextBytes = 60

  /// Excerpts from a repository; nil if it can't be opened.
  public init?(_ path: String, environment: GitEnvironment) {
    guard let repository = try? Repository.open(path, environment: environment),
      let store = try? repository.objectStore(environment)
    else { return nil }
    reader = store.makeReader()
  }

  /// The line of an occurrence, each masked byte a `•`, or nil where it can't be read.
  ///
  /// - Parameter masked: every place in the same object that must not be shown.
  public func line(of occurrence: Occurrence, masking masked: [Occurrence]) -> String? {
    guard let object = occurrence.object else { return nil }
    let line: String?? = try? reader.read(object) { _, bytes in Excerpts.line(bytes, occurrence, masked) }
    return line ?? nil
  }

  private static func line(_ bytes: Span<UInt8>, _ occurrence: Occurrence, _ masked: [Occurrence]) -> String? {
    guard occurrence.offset >= 0, occurrence.length >= 0, occurrence.offset <= bytes.count else { return nil }
    var start = occurrence.offset
    while start > 0, bytes[start - 1] != 0x0a, occurrence.offset - start < contextBytes { start -= 1 }
    var end = occurrence.offset
    while end < bytes.count, bytes[end] != 0x0a, end - start < maximumBytes { end += 1 }
    let hidden = masked.filter { $0.object == occurrence.object }.map { $0.offset..<$0.offset + max(0, $0.length) }
    var text: [UInt8] = []
    var isMasking = false
    for index in start..<end {
      let isHidden = hidden.contains { $0.contains(index) }
      if isHidden {
        // As many dots as bytes would tell the length twice; eight say enough.
        if !isMasking { text += Array("••••••••".utf8) }
      } else {
        text.append(bytes[index])
      }
      isMasking = isHidden
    }
    return String(decoding: text, as: UTF8.self)
  }
}
