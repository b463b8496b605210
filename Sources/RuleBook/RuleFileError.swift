// Mistakes in a rule file: all of them at once, each with its line.

/// One mistake.
public struct RuleMistake: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file's name.
  public var file: String
  /// Counted from 1; 0 where the file as a whole is meant.
  public var line: Int
  /// What is wrong.
  public var reason: String

  /// A mistake as given.
  public init(file: String, line: Int, reason: String) {
    self.file = file
    self.line = line
    self.reason = reason
  }
  /// `file:line: reason`.
  public var description: String { line > 0 ? "\(file):\(line): \(reason)" : "\(file): \(reason)" }
}

/// All mistakes of a file.
public struct RuleFileErrors: Error, Sendable, CustomStringConvertible {
  /// In the order of their lines.
  public var mistakes: [RuleMistake]

  /// Mistakes as given.
  public init(mistakes: [RuleMistake]) { self.mistakes = mistakes }
  /// A line each.
  public var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
