// The baseline: findings that a team knows of and has judged. A text file made for merging: one finding a line, sorted,
// nothing that changes by itself; an entry follows the value, so that rebase, squash, rename and moved lines leave it be.

public import Model
public import Secrets

/// One judged finding.
public struct BaselineEntry: Sendable, Equatable {
  /// The value's fingerprint under the baseline's key: 32 hex digits.
  public var fingerprint: String
  /// The rule that found it.
  public var rule: RuleID
  /// Why it needs no action.
  public var reason: String?
  /// Who answers for it.
  public var owner: String?
  /// The last day on which the entry holds, as `2027-01-31`; nil for no end.
  public var expires: String?

  /// An entry as given.
  public init(fingerprint: String, rule: RuleID, reason: String? = nil, owner: String? = nil, expires: String? = nil) {
    self.fingerprint = fingerprint
    self.rule = rule
    self.reason = reason
    self.owner = owner
    self.expires = expires
  }
}

/// What is wrong with a baseline: all of it at once.
public struct BaselineErrors: Error, Sendable, CustomStringConvertible {
  /// `file:line: reason`, in the order of the lines.
  public var mistakes: [String]
  /// A line each.
  public var description: String { mistakes.joined(separator: "\n") }
}

/// A baseline: its key, and its entries.
public struct Baseline: Sendable {
  /// The file's usual name, at the top of a repository.
  public static let fileName = ".keywright-baseline"
  /// A longer file is refused.
  public static let maximumBytes = 64 << 20
  private static let header = "keywright-baseline 1"
  private static let keyBytes = 32

  private let material: [UInt8]
  /// Sorted by fingerprint, then rule.
  public var entries: [BaselineEntry]
  /// The key that its fingerprints are made with.
  public var key: FingerprintKey { FingerprintKey(deriving: material.span) }

  /// An empty baseline with a key of its own.
  public init(random: some RandomSource = SystemRandom()) {
    material = random.bytes(Baseline.keyBytes)
    entries = []
  }

  /// Reads a baseline, and names every mistake in it.
  public init(_ bytes: [UInt8], name: String) throws(BaselineErrors) {
    var mistakes: [String] = []
    var material: [UInt8]?
    var entries: [BaselineEntry] = []
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    if lines.first.map(Baseline.trimmed) != Baseline.header {
      mistakes.append("\(name):1: the first line must be '\(Baseline.header)'")
    }
    for (index, raw) in lines.enumerated().dropFirst() {
      let line = Baseline.trimmed(raw)
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix("key ") {
        let decoded = Hex.decode(line.dropFirst(4).filter { $0 != " " }.utf8)
        if decoded?.count != Baseline.keyBytes || material != nil {
          mistakes.append("\(name):\(index + 1): one line 'key' with \(2 * Baseline.keyBytes) hex digits is wanted")
        }
        material = material ?? decoded
        continue
      }
      do throws(LineError) { entries.append(try Baseline.entry(line)) } catch {
        mistakes.append("\(name):\(index + 1): \(error.reason)")
      }
    }
    if material == nil { mistakes.append("\(name): the line 'key' is missing") }
    guard mistakes.isEmpty, let material else { throw BaselineErrors(mistakes: mistakes) }
    self.material = material
    self.entries = entries
    sort()
  }

  /// The file's text.
  ///
  /// Comments that never change stand between the entries, one for each first pair of digits: git sees two entries that two
  /// branches add as apart from each other, and merges them.
  public func render() -> [UInt8] {
    // In groups of four digits: in one piece it would look like the very thing that scanners look for.
    let digits = Hex.encode(material)
    let groups = stride(from: 0, to: digits.utf8.count, by: 4).map { digits.dropFirst($0).prefix(4) }
    var text = "\(Baseline.header)\nkey \(groups.joined(separator: " "))\n"
    text +=
      "# One finding a line: fingerprint, rule, reason=\"…\", owner=\"…\", expires=YYYY-MM-DD. Keep the lines in order.\n"
    var next = entries.startIndex
    for group in 0..<256 {
      let prefix = Hex.encode([UInt8(group)])
      text += "# \(prefix)\n"
      while next < entries.endIndex, entries[next].fingerprint.hasPrefix(prefix) {
        text += Baseline.line(entries[next]) + "\n"
        next += 1
      }
    }
    return Array(text.utf8)
  }

  /// Adds entries for findings that have none, and keeps the words of those that have.
  public mutating func add(_ findings: [Finding], reason: String?, owner: String?, expires: String?) -> Int {
    var added = 0
    var known = Set(entries.map(\.fingerprint))
    for finding in findings where known.insert(finding.fingerprint).inserted {
      entries.append(
        BaselineEntry(
          fingerprint: finding.fingerprint, rule: finding.rule, reason: reason, owner: owner, expires: expires))
      added += 1
    }
    sort()
    return added
  }

  /// Adds one entry.
  public mutating func add(_ entry: BaselineEntry) {
    entries.append(entry)
    sort()
  }

  private mutating func sort() { entries.sort { ($0.fingerprint, $0.rule) < ($1.fingerprint, $1.rule) } }

  private static func line(_ entry: BaselineEntry) -> String {
    var line = "\(entry.fingerprint) \(entry.rule)"
    if let reason = entry.reason { line += " reason=\(quoted(reason))" }
    if let owner = entry.owner { line += " owner=\(quoted(owner))" }
    if let expires = entry.expires { line += " expires=\(expires)" }
    return line
  }

  private static func quoted(_ text: String) -> String {
    let safe = text.map { $0.isNewline ? " " : $0 }
    return "\"" + String(safe).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private static func trimmed(_ line: Substring) -> String {
    var line = line
    while let last = line.last, last == " " || last == "\r" || last == "\t" { line.removeLast() }
    while let first = line.first, first == " " || first == "\t" { line.removeFirst() }
    return String(line)
  }

  private struct LineError: Error { var reason: String }

  private static func entry(_ line: String) throws(LineError) -> BaselineEntry {
    var words = Words(line)
    guard let fingerprint = words.next()?.word, fingerprint.utf8.count == 32, Hex.decode(fingerprint.utf8) != nil else {
      throw LineError(reason: "an entry begins with a fingerprint of 32 hex digits")
    }
    guard let rule = words.next()?.word, !rule.contains("=") else {
      throw LineError(reason: "the rule's id is missing")
    }
    var entry = BaselineEntry(fingerprint: fingerprint.lowercased(), rule: RuleID(rule))
    while let (word, isClosed) = words.next() {
      guard isClosed else { throw LineError(reason: "a quotation mark is not closed") }
      guard let equals = word.firstIndex(of: "=") else { throw LineError(reason: "'\(word)' is not name=value") }
      let value = String(word[word.index(after: equals)...])
      switch word[..<equals] {
      case "reason": entry.reason = value
      case "owner": entry.owner = value
      case "expires":
        guard isDay(value) else { throw LineError(reason: "'\(value)' is no day such as 2027-01-31") }
        entry.expires = value
      default: throw LineError(reason: "'\(word[..<equals])' is unknown; reason, owner and expires are known")
      }
    }
    return entry
  }

  /// Whether the text is `YYYY-MM-DD` with a month and a day that can be.
  public static func isDay(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2d }),
      let month = Int(parts[1]), let day = Int(parts[2])
    else { return false }
    return (1...12).contains(month) && (1...31).contains(day)
  }
}

/// Splits a line at blanks outside double quotes; `\"` and `\\` stand for themselves inside.
private struct Words {
  private var rest: Substring

  init(_ line: String) { rest = line[...] }

  mutating func next() -> (word: String, isClosed: Bool)? {
    while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
    if rest.isEmpty { return nil }
    var word = ""
    var inQuotes = false
    while let character = rest.popFirst() {
      if character == "\"" {
        inQuotes.toggle()
      } else if inQuotes, character == "\\", let escaped = rest.popFirst() {
        word.append(escaped)
      } else if !inQuotes, character == " " || character == "\t" {
        break
      } else {
        word.append(character)
      }
    }
    return (word, !inQuotes)
  }
}
