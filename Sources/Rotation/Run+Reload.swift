// Reload commands: whoever uses the key is made to read the new value before the old one is ended. Each is journaled when
// it has ended well, and is run again until then; what it does must bear that.

internal import Formats
internal import Ledger
internal import Posix
internal import Secrets

extension RotationRun {
  private static let reloadAttempts = 3
  private static let shownBytes = 300

  func reloadThenRetire() throws -> Progress {
    // A command that was wrong can be put right in the configuration.
    let commands = services.reloads(snapshot.name) ?? snapshot.reload
    for command in commands where !replay.reloaded.contains(command) {
      if let failure = try reload(command) {
        return pauseFor(
          "every file has the new key, but \(command[0]) did not reload its user: \(failure); \(oldKeyWords)"
        )
      }
    }
    if let left = soakLeft {
      isWaiting = true
      return pauseFor(
        "everything has the new key; the old one is left alone for \(DurationText.text(milliseconds: left)) more, as soak says"
      )
    }
    return try retire()
  }

  /// Milliseconds until the old key may be ended; nil where that is now.
  private var soakLeft: Int64? {
    guard snapshot.soakMs > 0 else { return nil }
    let since = replay.steps.last { [.committed, .reloaded].contains($0.state) }?.timeMs ?? 0
    let left = since + snapshot.soakMs - services.clock.now()
    // A clock that went back must not make it for ever.
    return left > 0 ? min(left, snapshot.soakMs) : nil
  }

  /// Why the command failed, often enough; nil if it ended well.
  func reload(_ command: [String], isNoted: Bool = true) throws -> String? {
    let variables = [
      "KEYWRIGHT_KEY": snapshot.name, "KEYWRIGHT_ENVIRONMENT": snapshot.environment ?? "", "KEYWRIGHT_ROTATION": txid,
    ]
    var failure = ""
    for attempt in 1...RotationRun.reloadAttempts {
      if services.isInterrupted() { throw Interrupted() }
      let start = services.clock.monotonic()
      let end = services.runHook(command, variables, snapshot.reloadTimeoutMs)
      if end.wasCancelled { throw Interrupted() }
      guard let why = end.failure else {
        var facts = Facts()
        facts.set("command", command)
        facts.set("attempts", attempt)
        facts.set("duration_ms", services.clock.monotonic() - start)
        if isNoted { try advance(.reloaded, facts) }
        return nil
      }
      let output = try shown(end.output)
      failure = output.isEmpty ? why : "\(why), saying: \(output)"
      var facts = Facts(reason: failure)
      facts.set("command", command)
      try services.ledger.audit(
        "reload failed", timeMs: services.clock.now(), actor: services.actor, key: snapshot.name, txid: txid,
        data: facts.json)
      if attempt < RotationRun.reloadAttempts { try wait(milliseconds: Int64(attempt) * 2_000) }
    }
    return failure
  }

  /// The end of what a command wrote, on one line, without the values that it may have printed.
  private func shown(_ output: [UInt8]) throws -> String {
    var bytes = output
    for value in [try value("old"), try value("new")] { Scrub.remove(value, from: &bytes) }
    let text = String(decoding: bytes.suffix(RotationRun.shownBytes), as: UTF8.self)
    let words = text.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
    return String(String.UnicodeScalarView(words.unicodeScalars.filter { $0.properties.generalCategory != .control }))
  }
}

/// Takes values out of what others wrote.
enum Scrub {
  /// Puts dots in the place of every occurrence.
  static func remove(_ value: Secret, from bytes: inout [UInt8]) {
    guard value.count > 0 else { return }
    var at = 0
    while at + value.count <= bytes.count {
      if value.matches(bytes.span.extracting(at..<at + value.count)) {
        for index in at..<at + value.count { bytes[index] = 0x2e }
        at += value.count
      } else {
        at += 1
      }
    }
  }
}
