// Takes values out of the parsed file and notes whatever is wrong, instead of stopping at the first mistake.

internal import Formats
internal import RuleBook

struct ConfigurationReader {
  let file: String
  private(set) var mistakes: [ConfigurationMistake] = []
  private let hasUnreadableLines: Bool

  init(file: String, unreadable: [ConfigurationMistake] = []) {
    self.file = file
    mistakes = unreadable
    hasUnreadableLines = !unreadable.isEmpty
  }

  mutating func mistake(_ line: Int, _ reason: String, hint: String? = nil) {
    mistakes.append(ConfigurationMistake(file: file, line: line, reason: reason, hint: hint))
  }

  mutating func mistake(_ node: Node, _ reason: String, hint: String? = nil) {
    mistake(node.line, reason, hint: hint)
  }

  /// Something that is not there; not said where a line could not be read that may have held it.
  mutating func missing(_ node: Node, _ reason: String, hint: String? = nil) {
    if !hasUnreadableLines { mistake(node, reason, hint: hint) }
  }

  /// The nearest of the known words, or all of them.
  static func hint(_ word: String, among known: [String]) -> String {
    nearest(word, among: known).map { "did you mean '\($0)'?" } ?? "known: \(known.joined(separator: ", "))"
  }

  /// Refuses every field that is not among `fields`, and names the nearest that is.
  mutating func allow(_ fields: [String], in node: Node, of owner: String) {
    for entry in node.entries ?? [] where !fields.contains(entry.key) {
      mistake(
        entry.keyLine, "unknown field '\(Self.shown(entry.key))' in \(owner)",
        hint: ConfigurationReader.hint(entry.key, among: fields))
    }
  }

  mutating func text(_ field: String, in node: Node) -> String? {
    guard let value = node[field] else { return nil }
    guard let text = value.string else {
      mistake(value, "\(field) must be text in quotes", hint: "write \(field) = \"…\"")
      return nil
    }
    guard !text.isEmpty else {
      mistake(value, "\(field) is empty", hint: "give it a value, or leave it out")
      return nil
    }
    guard text.utf8.count <= 4_096, text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      mistake(value, "\(field) holds a control character or is longer than 4,096 bytes")
      return nil
    }
    return text
  }

  mutating func requiredText(_ field: String, in node: Node, of owner: String) -> String? {
    guard node[field] != nil else {
      missing(node, "\(owner) has no \(field)", hint: "add \(field) = \"…\"")
      return nil
    }
    return text(field, in: node)
  }

  mutating func texts(_ field: String, in node: Node) -> [(text: String, line: Int)] {
    guard let value = node[field] else { return [] }
    guard let list = value.array else {
      mistake(value, "\(field) must be a list of texts", hint: "write \(field) = [\"…\"]")
      return []
    }
    return list.compactMap { item in
      guard let text = item.string, !text.isEmpty,
        !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
      else {
        mistake(item, "\(field) must hold texts that are not empty and hold no control characters")
        return nil
      }
      return (text, item.line)
    }
  }

  mutating func duration(_ field: String, in node: Node, _ range: ClosedRange<Int64>) -> Int64? {
    guard let value = node[field] else { return nil }
    guard let text = value.string, let milliseconds = DurationText.milliseconds(text) else {
      mistake(
        value, "\(field) must be a duration in quotes", hint: "such as \"90d\", \"12h\" or \"1h30m\"")
      return nil
    }
    guard range.contains(milliseconds) else {
      let least = DurationText.text(milliseconds: range.lowerBound)
      let most = DurationText.text(milliseconds: range.upperBound)
      mistake(value, "\(field) must be between \(least) and \(most)")
      return nil
    }
    return milliseconds
  }

  mutating func integer(_ field: String, in node: Node, _ range: ClosedRange<Int>) -> Int? {
    guard let value = node[field] else { return nil }
    guard let number = value.integer, range.contains(number) else {
      mistake(value, "\(field) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  mutating func tables(_ field: String, in node: Node) -> [Node] {
    guard let value = node[field] else { return [] }
    guard let list = value.array, list.allSatisfy({ $0.kind == .table }) else {
      mistake(value, "'\(field)' must be a list of tables", hint: "write [[\(field)]]")
      return []
    }
    return list
  }

  mutating func table(_ field: String, in node: Node) -> Node? {
    guard let value = node[field] else { return nil }
    guard value.kind == .table else {
      mistake(value, "'\(field)' must be a table", hint: "write [\(field)]")
      return nil
    }
    return value
  }

  static func nearest(_ word: String, among words: [String]) -> String? {
    words.map { ($0, editDistance(word, $0)) }.filter { $0.1 <= max(1, min(3, word.utf8.count / 2)) }
      .min { $0.1 < $1.1 }?.0
  }

  /// A piece of the file as an error may show it.
  static func shown(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}
