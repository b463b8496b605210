// Help as it is read: the parser breaks every line that the source has, and so leaves ragged ones; paragraphs are set anew.

enum HelpText {
  private static let width = 80

  /// The help with the paragraphs before its usage broken where a line is full. Indented lines stay as they are.
  static func reflowed(_ text: String) -> String {
    guard text.hasPrefix("OVERVIEW: "), let end = text.firstRange(of: "\n\nUSAGE: ") else { return text }
    let paragraphs = paragraphs(text[..<end.lowerBound]).map { lines in
      lines.contains { $0.hasPrefix(" ") } ? lines.joined(separator: "\n") : filled(lines.joined(separator: " "))
    }
    return paragraphs.joined(separator: "\n\n") + text[end.lowerBound...]
  }

  private static func paragraphs(_ text: Substring) -> [[String]] {
    text.split(separator: "\n", omittingEmptySubsequences: false).split { $0.allSatisfy { $0 == " " } }
      .map { $0.map(String.init) }
  }

  private static func filled(_ text: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
