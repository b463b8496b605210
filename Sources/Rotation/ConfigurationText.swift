// A file that is not TOML throughout: each line that can't be read is noted and passed over, so that the mistakes behind
// it are found in the same run.

internal import Formats

enum ConfigurationText {
  /// As many unreadable lines are noted; a file with more is something else.
  private static let maximumMistakes = 50

  /// The document as far as it can be read; nil where a heading can't, since nobody knows then what belongs where.
  static func parse(_ bytes: [UInt8], _ path: String) -> (root: Node?, mistakes: [ConfigurationMistake]) {
    var bytes = bytes
    var mistakes: [ConfigurationMistake] = []
    while mistakes.count < maximumMistakes {
      do throws(FormatError) {
        return (try TOML.parse(bytes, name: path), mistakes)
      } catch {
        mistakes.append(ConfigurationMistake(file: path, line: error.line, reason: error.reason, hint: hint(error)))
        guard let line = line(error.line, in: bytes), !line.isEmpty else { return (nil, mistakes) }
        let first = bytes[line].first { $0 != 0x20 && $0 != 0x09 }
        if first == 0x5b || first == 0x23 || first == nil { return (nil, mistakes) }
        // A comment of the same length: every other line keeps its number.
        for index in line { bytes[index] = 0x23 }
      }
    }
    return (nil, mistakes)
  }

  private static func hint(_ error: FormatError) -> String? {
    error.reason.contains("value") ? "texts stand in quotes: name = \"…\"" : nil
  }

  private static func line(_ number: Int, in bytes: [UInt8]) -> Range<Int>? {
    var start = 0
    var current = 1
    while current < number {
      guard let end = bytes[start...].firstIndex(of: 0x0a) else { return nil }
      start = end + 1
      current += 1
    }
    let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
    return start..<(end > start && bytes[end - 1] == 0x0d ? end - 1 : end)
  }
}
