// The new content: the bytes of the value are replaced and nothing else, and the result is read back by every reader
// before it may be written.

internal import Formats
internal import Secrets

/// A rewrite that is proven and not yet written.
final class EnvEdit {
  /// The whole new content; wiped when dropped.
  private(set) var bytes: [UInt8]
  /// The lines that change, counted from 1.
  let lines: [Int]
  /// The quotes of the assignment that counts, as they were.
  let quoting: SettingQuoting
  let isPart: Bool

  deinit { wipe(&bytes) }

  private struct Change {
    var range: Range<Int>
    /// What may stand there, the best first.
    var tokens: [Secret]
    var line: Int
  }

  /// The content as the rewrite makes it, wherever the variable holds the old key.
  init(_ content: [UInt8], _ text: EnvText, _ rewrite: EnvRewrite) throws(EnvFileError) {
    guard let reading = text.readings.first, let last = reading.places.last else {
      throw EnvFileError(.variableMissing, text.target.path, "\(text.target.variable) is not assigned")
    }
    let changes = try EnvEdit.changes(reading, text.target, rewrite)
    let isHopeless = changes.contains { $0.tokens.isEmpty }
    let attempts = isHopeless ? 0 : changes.map(\.tokens.count).max() ?? 0
    for attempt in 0..<attempts {
      var candidate = EnvEdit.apply(changes, attempt, to: content)
      if EnvEdit.isProven(candidate, text, rewrite) {
        bytes = candidate
        lines = Set(changes.map(\.line)).sorted()
        quoting = reading.settings[last].quoting
        isPart = Holding(reading.settings[last], rewrite.old) == .part
        return
      }
      wipe(&candidate)
    }
    throw EnvFileError(
      .noSafeQuoting, text.target.path,
      "no way of writing the new value is read alike by \(text.readings.map(\.format.description).joined(separator: " and "))",
      hint: "declare fewer readers, or write the value in single quotes", line: reading.settings[last].line)
  }

  private static func changes(
    _ reading: EnvText.Reading, _ target: EnvTarget, _ rewrite: EnvRewrite
  ) throws(EnvFileError) -> [Change] {
    var changes: [Change] = []
    for place in reading.places {
      let setting = reading.settings[place]
      guard let value = setting.value else { continue }
      switch rewrite.outcome(of: value) {
      case .stays: continue
      case .whole:
        let tokens = reading.format.tokens(for: rewrite.new, inPlaceOf: setting)
        changes.append(Change(range: setting.span, tokens: tokens, line: setting.line))
      case .within(let whole):
        changes += parts(setting, value, whole, reading.format, rewrite)
      case .impossible:
        throw EnvFileError(
          .noSafeQuoting, target.path, "the new value can't stand inside the longer value of \(target.variable)",
          hint: "give the key a variable of its own", line: setting.line)
      }
    }
    return changes
  }

  /// The key's own bytes where they stand in the file as they are in the value; otherwise (escapes, lists) the token.
  private static func parts(
    _ setting: Setting, _ value: Secret, _ whole: Secret, _ format: SettingFormat, _ rewrite: EnvRewrite
  ) -> [Change] {
    let token = [Change(range: setting.span, tokens: format.tokens(for: whole, inPlaceOf: setting), line: setting.line)]
    guard rewrite.step == .exchange else { return token }
    let inner = setting.innerBytes
    // Nothing but the key's bytes need change where the file's text is the value itself, or where no escape can matter.
    let isSame = inner == value
    let isPlain = rewrite.new.withBytes { bytes in bytes.indices.allSatisfy { NeedleText.isUnreserved(bytes[$0]) } }
    let count = value.withBytes { rewrite.old.places(in: $0).count }
    guard isSame || (isPlain && inner.withBytes({ rewrite.old.places(in: $0).count }) == count) else { return token }
    let base = setting.inner.lowerBound
    return inner.withBytes { bytes in
      rewrite.old.places(in: bytes).compactMap { place in
        rewrite.old.replacement(rewrite.new, at: place, of: bytes).map { part in
          Change(
            range: base + place.range.lowerBound..<base + place.range.upperBound, tokens: [part], line: setting.line)
        }
      }
    }
  }

  private static func apply(_ changes: [Change], _ attempt: Int, to content: [UInt8]) -> [UInt8] {
    let chosen = changes.map { $0.tokens[min(attempt, $0.tokens.count - 1)] }
    var result: [UInt8] = []
    // One reservation: growing would leave unwiped copies behind.
    result.reserveCapacity(content.count + chosen.reduce(0) { $0 + $1.count })
    var at = 0
    for (change, token) in zip(changes, chosen) {
      result += content[at..<change.range.lowerBound]
      token.withBytes { bytes in
        for index in bytes.indices { result.append(bytes[index]) }
      }
      at = change.range.upperBound
    }
    result += content[at...]
    return result
  }

  /// Whether every reader finds the new value where it found the old one, and all else unchanged.
  private static func isProven(_ candidate: [UInt8], _ text: EnvText, _ rewrite: EnvRewrite) -> Bool {
    text.readings.allSatisfy { before in
      guard let after = try? EnvText.read(candidate, text.target, before.format),
        after.settings.count == before.settings.count
      else { return false }
      return zip(before.settings, after.settings).allSatisfy { was, now in
        guard was.key == text.target.variable, now.key == was.key, now.isExported == was.isExported else {
          return was.isSame(as: now)
        }
        return isExpected(now, was, rewrite)
      }
    }
  }

  private static func isExpected(_ now: Setting, _ was: Setting, _ rewrite: EnvRewrite) -> Bool {
    guard let before = was.value else { return was.isSame(as: now) }
    switch rewrite.outcome(of: before) {
    case .stays: return was.isSame(as: now)
    case .whole: return now.value == rewrite.new
    case .within(let expected): return now.value == expected
    case .impossible: return false
    }
  }
}
