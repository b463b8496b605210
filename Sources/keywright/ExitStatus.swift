// The exit codes, and the error that carries one.

/// How the program ends. An unknown code means failure.
enum ExitStatus: Int32, Error {
  /// Clean, done, nothing due.
  case done = 0
  /// Findings.
  case findings = 1
  /// Wrong usage or configuration.
  case usage = 2
  /// Something that was asked for was not scanned.
  case incomplete = 3
  /// A rotation's outcome is unknown: run `resume`.
  case outcomeUnknown = 4
  /// Only a person can go on.
  case humanNeeded = 5
  /// The old key still works.
  case oldKeyAlive = 6
  /// A failure that no other code describes.
  case failure = 70
  /// Another run holds the lock.
  case locked = 75
  /// Interrupted.
  case interrupted = 130
}

extension ExitStatus {
  /// What each code means, for the manual.
  static let meanings: [(code: Int32, text: String)] = [
    (0, "Clean, done, or nothing due."),
    (
      1,
      "Findings (scan, gate, hooks), live ones (verify), something to mend (audit, baseline check, report --compare)."
    ),
    (2, "Wrong usage or configuration."), (3, "Something that was asked for could not be read, or told."),
    (4, "A rotation's outcome is unknown: run keywright resume."), (5, "A person is needed."),
    (6, "The old key still works."), (75, "Another run holds the lock."), (130, "Interrupted."),
  ]
}

/// An error for people: what is wrong, and what to do about it.
struct Failure: Error {
  var status: ExitStatus
  var message: String
  var hint: String?

  init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
  }

  /// A failure that no other code describes.
  init(_ message: String, hint: String? = nil) { self.init(.failure, message, hint: hint) }
}

/// An exit status of the user's own choice (`scan --exit-code`).
struct ChosenStatus: Error {
  var code: Int32
}
