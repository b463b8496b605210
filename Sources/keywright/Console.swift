// What the program says: data on stdout, everything for people on stderr, in one shape.

internal import Posix

enum Console {
  /// Writes text to stdout. A closed pipe (`keywright scan | head`) is not an error.
  static func write(_ text: String) { StandardStream.output.write(Array(text.utf8)) }

  /// Writes bytes to stdout.
  static func write(_ bytes: [UInt8]) { StandardStream.output.write(bytes) }

  /// A line for people.
  static func note(_ text: String) { StandardStream.error.write(Array("keywright: \(text)\n".utf8)) }

  /// What is wrong, and what to do about it.
  static func complain(_ message: String, hint: String?) {
    note(message)
    if let hint { StandardStream.error.write(Array("hint: \(hint)\n".utf8)) }
  }

  /// Whether to colour what goes to stdout: a terminal, and nobody said no (https://no-color.org).
  static var colour: Bool {
    StandardStream.output.isTerminal && Surroundings.variable("NO_COLOR") == nil
      && Surroundings.variable("TERM") != "dumb"
  }

  /// The same for stderr.
  static var errorColour: Bool {
    StandardStream.error.isTerminal && Surroundings.variable("NO_COLOR") == nil
      && Surroundings.variable("TERM") != "dumb"
  }

  /// Asks a question on the terminal; nil when there is nobody to ask.
  static func confirm(_ question: String) -> Bool? {
    guard StandardInput.isTerminal, StandardStream.error.isTerminal else { return nil }
    StandardStream.error.write(Array("\(question) [y/N] ".utf8))
    let answer = readLine(strippingNewline: true) ?? ""
    return ["y", "yes"].contains(answer.lowercased())
  }
}
