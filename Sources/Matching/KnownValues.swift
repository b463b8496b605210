// Values that are known already, looked for wherever they stand and however they are written.

public import Model
public import RuleBook

/// Values to look for. They stay in memory.
public struct KnownValues: Sendable {
  /// The id that findings have.
  public static let ruleID = RuleID("known-value")
  /// The shortest value that is looked for, in bytes.
  public static let minimumBytes = 8
  /// The longest one, in bytes.
  public static let maximumBytes = 16_384
  /// The most values.
  public static let maximumCount = 10_000
  /// A literal of this length finds a form; the rest is compared.
  private static let literalBytes = 32

  private struct Place: Sendable {
    var value: Int
    var form: KnownForm
  }

  private var values: [[UInt8]] = []
  private var titles: [String] = []
  private var places: [Place] = []
  private var finder = LiteralFinder([])
  private var longest = 0

  /// Values with what they are called, such as `TOKEN in .env`. The same value twice has both names. What is shorter than
  /// ``minimumBytes`` or longer than ``maximumBytes`` is left out, and whatever comes after ``maximumCount`` values.
  public init(_ named: [(name: String, value: [UInt8])]) {
    var numbers: [[UInt8]: Int] = [:]
    for (name, bytes) in named {
      guard (KnownValues.minimumBytes...KnownValues.maximumBytes).contains(bytes.count) else { continue }
      if let number = numbers[bytes] {
        if !titles[number].hasSuffix(" \(name)") { titles[number] += " and of \(name)" }
        continue
      }
      guard values.count < KnownValues.maximumCount else { break }
      numbers[bytes] = values.count
      values.append(bytes)
      titles.append("value of \(name)")
    }
    var literals: [Literal] = []
    for (number, value) in values.enumerated() {
      for form in KnownForm.all(of: value) {
        literals.append(
          Literal(
            bytes: Array(form.bytes.prefix(KnownValues.literalBytes)), ignoresCase: false, rule: places.count))
        places.append(Place(value: number, form: form))
        longest = max(longest, form.bytes.count)
      }
    }
    finder = LiteralFinder(literals)
  }

  /// How many distinct values there are.
  public var count: Int { values.count }
  /// Whether there is none.
  public var isEmpty: Bool { values.isEmpty }

  /// How far a hit may reach, with what it depends on, from a byte of it.
  var margin: Int { longest + 8 }

  /// A rule for each value, so that findings have a title. They match nothing by themselves.
  private var rules: [Rule] {
    titles.map { title in
      Rule(
        id: KnownValues.ruleID, provider: "known", name: title, severity: .high, confidence: .checksum, literals: [],
        pattern: "(?!)", width: 1, source: "")
    }
  }

  /// A program of rules with which findings of these values can be reported. The values' own rules come first.
  public func program(with rules: [Rule]) -> MatcherProgram { MatcherProgram(self.rules + rules) }

  /// Calls `found` with every value in the range, and with the bytes that decide on it.
  func search(_ bytes: Span<UInt8>, _ range: Range<Int>, _ found: (Candidate, Range<Int>) -> Void) {
    guard !values.isEmpty, range.count >= 6 else { return }
    finder.forEachHit(in: bytes, range) { number, start, _ in
      let place = places[number]
      guard KnownValues.holds(place.form.bytes, at: start, in: bytes) else { return }
      let secret = start - place.form.lead..<start + place.form.bytes.count + place.form.tail
      guard secret.lowerBound >= 0, secret.upperBound <= bytes.count else { return }
      let decoders = place.form.decoders
      let value = values[place.value]
      if !decoders.isEmpty, Decoders.decode(bytes.extracting(secret), decoders) != value { return }
      let candidate = Candidate(
        rule: place.value, secret: secret, match: secret, decoders: decoders, decoded: decoders.isEmpty ? [] : value,
        confidence: KnownValues.confidence(value, decoders, secret, bytes))
      found(candidate, secret.lowerBound - 1..<secret.upperBound + 1)
    }
  }

  private static func holds(_ form: [UInt8], at start: Int, in bytes: Span<UInt8>) -> Bool {
    form.count <= bytes.count - start && form.indices.allSatisfy { form[$0] == bytes[start + $0] }
  }

  /// As sure as can be, but where the value may be part of a longer word.
  private static func confidence(
    _ value: [UInt8], _ decoders: [Decoder], _ secret: Range<Int>, _ bytes: Span<UInt8>
  ) -> Confidence {
    if let first = decoders.first, ![.percent, .escape, .html].contains(first) { return .checksum }
    func isWord(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf) || byte == 0x5f
    }
    let goesOnBefore =
      secret.lowerBound > 0 && isWord(bytes[secret.lowerBound - 1]) && isWord(bytes[secret.lowerBound])
    let goesOnBehind =
      secret.upperBound < bytes.count && isWord(bytes[secret.upperBound]) && isWord(bytes[secret.upperBound - 1])
    if !goesOnBefore && !goesOnBehind { return .checksum }
    return value.count >= 16 && Proofs.entropy(value.span) >= 3 ? .structure : .guess
  }
}
