// What the program says: data on stdout, everything for people on stderr, in one shape.

internal import Posix
internal import Synchronization

enum Console {
  private static let failure = Mutex<SystemError?>(nil)

  /// Why something that was written to stdout did not get there; nothing more is written then. The program's end tells
  /// of it; whoever writes what can't be had again asks at once.
  static var lost: SystemError? { failure.withLock { $0 } }

  /// Writes text to stdout.
  static func write(_ text: String) { write(Array(text.utf8)) }

  /// Writes bytes to stdout.
  static func write(_ bytes: [UInt8]) {
    failure.withLock { failure in
      if failure != nil { return }
      do throws(SystemError) { try StandardStream.output.send(bytes) } catch { failure = error }
    }
  }

  /// The status to end with: a report that could not be written is a failure, whatever it said. A closed pipe
  /// (`keywright scan | head`) is not: its reader has what it wanted.
  static func finalStatus(_ status: Int32) -> Int32 {
    guard let lost, !lost.isClosedPipe else { return status }
    complain("\(lost)", hint: "what this run had to say is not complete: run it again with --output FILE, or make room")
    return status == ExitStatus.done.rawValue ? ExitStatus.failure.rawValue : status
  }

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
