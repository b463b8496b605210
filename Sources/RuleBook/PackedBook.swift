// A rule book as it lies in the program: texts that are read in place. What every scan needs of each rule stands in a
// table of numbers, made at build time; a rule itself is decoded when something asks for it.

internal import Model

/// Why what was packed can't be used.
public struct PackedBookError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong.
  public var reason: String
  /// The reason.
  public var description: String { reason }

  /// An error as given.
  public init(_ reason: String) { self.reason = reason }
}

/// Providers and their rules, packed.
public struct PackedBook: Sendable {
  /// The form of the tables; whoever changes them counts it up.
  public static let version = "1"

  /// The providers' records that scanning needs, one behind the other.
  public var rules: String
  /// Their examples, in the same order.
  public var examples: String
  /// Their calls.
  public var management: String
  /// Of each rule, in the order of a ``RuleList``: where its record lies, and what a scan asks of all of them.
  public var facts: String
  /// The SHA-256 of `rules`, in hex: tables made of other rules have another one.
  public var digest: String

  private static let separator: UInt8 = 0x1c

  /// A book as given.
  public init(rules: String, examples: String, management: String, facts: String, digest: String) {
    self.rules = rules
    self.examples = examples
    self.management = management
    self.facts = facts
    self.digest = digest
  }

  // MARK: Packing

  /// Packs providers; nil where a text holds one of the separators.
  public init?(packing providers: [Provider]) {
    let sorted = providers.sorted { $0.id < $1.id }
    let packed = sorted.compactMap { PackedProvider(packing: $0) }
    guard packed.count == sorted.count else { return nil }
    func join(_ part: KeyPath<PackedProvider, String>) -> String? {
      let texts = packed.map { $0[keyPath: part] }
      guard !texts.contains(where: { $0.utf8.contains(PackedBook.separator) }) else { return nil }
      return texts.joined(separator: "\u{1c}")
    }
    guard let rules = join(\.rules), let examples = join(\.examples), let management = join(\.management) else {
      return nil
    }
    digest = PackedBook.digest(of: rules)
    facts = PackedBook.facts(sorted, packed, digest)
    self.rules = rules
    self.examples = examples
    self.management = management
  }

  /// The digest that belongs to a text of rules.
  public static func digest(of rules: String) -> String {
    SHA256.hash(Array(rules.utf8)).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  private static func facts(_ providers: [Provider], _ packed: [PackedProvider], _ digest: String) -> String {
    var places: [(rule: Rule, provider: Range<Int>, record: Range<Int>)] = []
    var start = 0
    for (provider, text) in zip(providers, packed) {
      let own = Array(text.rules.utf8)
      var at = 0
      // The first record is the provider's own.
      for (number, record) in own.split(separator: 0x1d, omittingEmptySubsequences: false).enumerated() {
        if number > 0 {
          places.append(
            (
              provider.rules[number - 1], start..<start + provider.id.utf8.count,
              start + at..<start + at + record.count
            ))
        }
        at += record.count + 1
      }
      start += own.count + 1
    }
    let order = places.indices.sorted { (places[$0].rule.id, $0) < (places[$1].rule.id, $1) }
    var writer = PackedWriter()
    writer.plain(version + digest)
    writer.number(order.count)
    for place in order.map({ places[$0] }) {
      for range in [place.provider, place.record] {
        writer.number(range.lowerBound)
        writer.number(range.count)
      }
      RuleFacts(place.rule).pack(into: &writer)
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  // MARK: Unpacking

  /// The providers, each packed for itself.
  public var providers: [PackedProvider] {
    func parts(_ text: String) -> [String] {
      let bytes = Array(text.utf8)
      return PackedProvider.parts(bytes[...], PackedBook.separator).map { String(decoding: $0, as: UTF8.self) }
    }
    let (rules, examples, management) = (parts(rules), parts(examples), parts(management))
    guard rules.count == examples.count, rules.count == management.count else { return [] }
    return rules.indices.map {
      PackedProvider(rules: rules[$0], examples: examples[$0], management: management[$0])
    }
  }

  /// Where the rules lie, and what a scan asks of all of them.
  func places() throws(PackedBookError) -> (places: [RulePlace], facts: [RuleFacts]) {
    var reader = PackedReader(facts.utf8.span)
    reader.expect(PackedBook.version + digest)
    guard !reader.isSpoilt else { throw PackedBookError("the table of rules belongs to other rules") }
    let count = reader.number(below: facts.utf8.count)
    let end = rules.utf8.count
    var places: [RulePlace] = []
    var all: [RuleFacts] = []
    places.reserveCapacity(count)
    all.reserveCapacity(count)
    for _ in 0..<count {
      let provider = PackedBook.range(&reader, end)
      let record = PackedBook.range(&reader, end)
      places.append(RulePlace(provider: provider, record: record))
      all.append(RuleFacts(unpacking: &reader))
      if reader.isSpoilt { break }
    }
    guard !reader.isSpoilt, reader.isAtEnd else { throw PackedBookError("the table of rules is damaged") }
    return (places, all)
  }

  private static func range(_ reader: inout PackedReader, _ end: Int) -> Range<Int32> {
    let start = reader.number(below: end + 1)
    let count = reader.number(below: end + 1 - start)
    return Int32(truncatingIfNeeded: start)..<Int32(truncatingIfNeeded: start + count)
  }
}

/// Where a rule's record and its provider's id lie in a book's text, in bytes.
struct RulePlace: Sendable {
  var provider: Range<Int32>
  var record: Range<Int32>
}
