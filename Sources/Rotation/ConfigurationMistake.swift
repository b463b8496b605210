// What is wrong with a configuration: every mistake with its place, all of them at once.

/// A mistake in a configuration.
public struct ConfigurationMistake: Sendable, Equatable, CustomStringConvertible {
  /// The file.
  public var file: String
  /// Counted from 1.
  public var line: Int
  /// What is wrong.
  public var reason: String
  /// What would be right, where the reason does not say it.
  public var hint: String?

  /// A mistake as given.
  public init(file: String, line: Int, reason: String, hint: String? = nil) {
    self.file = file
    self.line = line
    self.reason = reason
    self.hint = hint
  }

  /// `file:line: reason; hint`.
  public var description: String { "\(file):\(line): \(reason)" + (hint.map { "; \($0)" } ?? "") }
}

/// Every mistake of a configuration.
public struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
  /// In the order of their lines.
  public var mistakes: [ConfigurationMistake]
  /// A line each.
  public var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
