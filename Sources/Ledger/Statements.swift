// Statements that are prepared once for a connection: a rotation makes a dozen commits of a handful of statements each, and
// preparing them again costs more than running them.

internal import GRDB

extension Database {
  /// Runs a statement.
  func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }

  /// The first row of a question.
  func row(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }

  /// Every row of a question.
  func rows(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [Row] {
    try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
  }

  /// The first column of the first row, as text.
  func text(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> String? {
    try String.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }
}
