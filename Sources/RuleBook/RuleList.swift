// The rules of a scan. Of most of them nothing but a few facts is ever asked, so that a rule that lies packed in the
// program is decoded when something wants to see it, and then kept.

public import Model
internal import Synchronization

/// What a scan asks of every rule.
public struct RuleFacts: Sendable, Equatable {
  /// What the credential can do.
  public var severity: Severity
  /// How it finds.
  public var kind: RuleKind
  /// Whether a detector that is part of the program stands behind it.
  public var hasDetector: Bool
  /// Whether it is tried on whole contents.
  public var hasContent: Bool
  /// Whether the credential is meant to be public.
  public var isPublic: Bool
  /// The window on either side of a literal, in bytes.
  public var width: Int

  init(_ rule: Rule) {
    severity = rule.severity
    kind = rule.kind
    hasDetector = rule.detector != nil
    hasContent = rule.content != nil
    isPublic = rule.isPublic
    width = rule.width
  }

  func pack(into writer: inout PackedWriter) {
    writer.number(Severity.allCases.firstIndex(of: severity) ?? 0)
    writer.number(RuleKind.allCases.firstIndex(of: kind) ?? 0)
    writer.number((hasDetector ? 1 : 0) + (hasContent ? 2 : 0) + (isPublic ? 4 : 0))
    writer.number(width)
  }

  init(unpacking reader: inout PackedReader) {
    let severities = Severity.allCases
    let kinds = RuleKind.allCases
    severity = severities[reader.number(below: severities.count)]
    kind = kinds[reader.number(below: kinds.count)]
    let flags = reader.number(below: 8)
    hasDetector = flags & 1 == 1
    hasContent = flags & 2 == 2
    isPublic = flags & 4 == 4
    width = reader.number(below: Rule.maximumWidthBytes + 1)
  }
}

/// Rules in the order that candidates index. Cheap to pass about; shared by all threads.
public struct RuleList: RandomAccessCollection, ExpressibleByArrayLiteral, Sendable {
  private enum Source: Sendable {
    case given([Rule])
    case packed(PackedRuleTexts)
  }

  private let source: Source
  /// What a scan asks of every rule, by its index.
  public let facts: [RuleFacts]
  /// The digest of the packed book that the rules are those of; nil for rules as given.
  public let digest: String?

  /// Rules as given.
  public init(_ rules: [Rule]) {
    source = .given(rules)
    digest = nil
    facts = rules.map { RuleFacts($0) }
  }

  /// Rules as given.
  public init(arrayLiteral elements: Rule...) { self.init(elements) }

  /// All rules of a packed book, sorted by id; without their examples and calls.
  ///
  /// - Throws: if the book's table is damaged or belongs to another book.
  public init(_ book: PackedBook) throws(PackedBookError) {
    let (places, facts) = try book.places()
    source = .packed(PackedRuleTexts(book.rules, places))
    self.facts = facts
    digest = book.digest
  }

  /// The first index.
  public var startIndex: Int { 0 }
  /// The number of rules.
  public var endIndex: Int { facts.count }

  /// The rule there. To ask for its severity or kind, ask ``facts``: it may have to be decoded.
  public subscript(_ index: Int) -> Rule {
    switch source {
    case .given(let rules): rules[index]
    case .packed(let texts): texts.rule(index)
    }
  }
}

/// Rules that are decoded when they are first asked for.
private final class PackedRuleTexts: Sendable {
  private let text: String
  private let places: [RulePlace]
  private let decoded: Mutex<[Decoded?]>

  private final class Decoded: Sendable {
    let rule: Rule
    init(_ rule: Rule) { self.rule = rule }
  }

  init(_ text: String, _ places: [RulePlace]) {
    self.text = text
    self.places = places
    decoded = Mutex(Array(repeating: nil, count: places.count))
  }

  func rule(_ index: Int) -> Rule {
    if let known = decoded.withLock({ $0[index] }) { return known.rule }
    let place = places[index]
    let provider = String(decoding: bytes(place.provider), as: UTF8.self)
    // A record that can't be read is a rule that finds nothing; a test decodes them all.
    let rule =
      PackedProvider.rule(record: bytes(place.record), provider: provider)
      ?? Rule(
        id: RuleID("unreadable-rule"), provider: provider, name: "A rule that can't be read", severity: .low,
        confidence: .guess, literals: [], pattern: "(?!)", width: 1, source: "")
    decoded.withLock { $0[index] = Decoded(rule) }
    return rule
  }

  private func bytes(_ range: Range<Int32>) -> [UInt8] {
    let all = text.utf8.span
    return range.map { all[Int($0)] }
  }
}
