// The form in which providers lie in the program: text that decodes without a parser, in three parts, so that a scan
// pays for what a scan needs.

internal import Model

/// A provider, packed. Fields are parted by the control characters that ASCII has for it; rule files can't hold any.
public struct PackedProvider: Sendable {
  /// What scanning needs.
  public var rules: String
  /// Examples: `rules check` and `rules show`.
  public var examples: String
  /// Calls: verification and rotation.
  public var management: String

  /// A packed provider as given.
  public init(rules: String, examples: String, management: String) {
    self.rules = rules
    self.examples = examples
    self.management = management
  }

  private static let record: Character = "\u{1d}"
  private static let field: Character = "\u{1e}"
  private static let item: Character = "\u{1f}"

  // MARK: Packing

  /// Packs; nil where a text holds one of the separators.
  public init?(packing provider: Provider) {
    let head = [provider.id, provider.name, provider.homepage]
    let records = [head] + provider.rules.map(PackedProvider.fields)
    let examples = provider.rules.map { [Self.join($0.matches), Self.join($0.rejects)] }
    let calls = PackedProvider.callRecords(provider)
    let every = (records + examples + calls).flatMap { $0 }
    guard !every.contains(where: { $0.unicodeScalars.contains { $0.value == 0x1d || $0.value == 0x1e } }) else {
      return nil
    }
    rules = Self.pack(records)
    self.examples = Self.pack(examples)
    management = Self.pack(calls)
  }

  private static func pack(_ records: [[String]]) -> String {
    records.map { $0.joined(separator: String(field)) }.joined(separator: String(record))
  }

  private static func join(_ items: [String]) -> String { items.joined(separator: String(item)) }

  /// Of a keyword rule, what it is made of: the pattern itself is ten times as long.
  private static func fields(_ rule: Rule) -> [String] {
    let isKeyword = rule.kind == .keyword
    return [
      rule.id.rawValue, rule.name, join(rule.aliases), rule.severity.rawValue, rule.confidence.rawValue,
      join(isKeyword ? rule.keywords : rule.literals), rule.literalsIgnoreCase ? "1" : "",
      isKeyword ? rule.value : rule.pattern, "\(rule.secretGroup)", "\(rule.width)",
      rule.minimumEntropy.map { "\($0)" } ?? "", join(rule.stopWords), rule.checksum?.rawValue ?? "",
      rule.isPublic ? "1" : "", rule.source, rule.kind.rawValue, rule.detector ?? "",
      rule.checksumIsOptional ? "1" : "", join(rule.pairs.map(\.rawValue)), "\(rule.pairLines)", join(rule.paths),
    ]
  }

  /// The provider's own record and its eight calls, then a record for each rule that has a call of its own.
  private static func callRecords(_ provider: Provider) -> [[String]] {
    let own = provider.rules.filter { $0.verify != nil }.map { [$0.id.rawValue] + fields($0.verify) }
    guard let management = provider.management else {
      return own.isEmpty ? [] : Array(repeating: [""], count: callRecordCount) + own
    }
    return records(management) + own
  }

  private static let callRecordCount = 9

  private static func records(_ management: Management) -> [[String]] {
    let limits = management.requestsPerMinute.sorted { $0.key < $1.key }.flatMap { [$0.key, "\($0.value)"] }
    let calls = [
      management.verify, management.list, management.create, management.regenerate, management.revoke,
      management.disable, management.read, management.lastUsed,
    ]
    let head = [
      management.recoverability.rawValue, management.base ?? "", join(limits), join(management.kinds.map(\.rawValue)),
      management.tested.rawValue, management.language.rawValue, management.keyLimit.map { "\($0)" } ?? "",
    ]
    return [head] + calls.map(fields)
  }

  private static func fields(_ call: CallTemplate?) -> [String] {
    guard let call else { return [""] }
    return [
      call.method, call.url, join(call.headers.flatMap { [$0.name, $0.value] }), call.body ?? "",
      call.body == nil ? "" : "1", join(call.success.map(String.init)), join(call.refused.map(String.init)),
      call.mustHold ?? "", join(call.fields.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }),
      call.next?.at ?? "", call.next?.url ?? "", call.next?.body ?? "", call.liveText ?? "",
    ]
  }

  // MARK: Unpacking

  /// The provider, with or without its examples and its calls.
  public func unpack(examples wanted: Bool = false, calls isManaged: Bool = true) -> Provider? {
    let records = Self.split(rules)
    guard let head = records.first, head.count == 3 else { return nil }
    var rules = records.dropFirst().compactMap { Self.rule($0, provider: head[0]) }
    guard rules.count == records.count - 1 else { return nil }
    if wanted {
      for (index, pair) in Self.split(examples).enumerated() where index < rules.count && pair.count == 2 {
        rules[index].matches = Self.items(pair[0])
        rules[index].rejects = Self.items(pair[1])
      }
    }
    let calls = isManaged ? Self.split(management) : []
    for record in calls.dropFirst(Self.callRecordCount) {
      guard let index = rules.firstIndex(where: { $0.id.rawValue == record.first }) else { continue }
      rules[index].verify = Self.call(Array(record.dropFirst()))
    }
    return Provider(
      id: head[0], name: head[1], homepage: head[2], rules: rules, management: Self.management(calls))
  }

  // Over bytes: text that is cut as text costs a scan's start ten milliseconds.

  private static func split(_ text: String) -> [[String]] {
    if text.isEmpty { return [] }
    let bytes = Array(text.utf8)
    return parts(bytes[...], 0x1d).map { record in
      parts(record, 0x1e).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  static func parts(_ bytes: ArraySlice<UInt8>, _ separator: UInt8) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var start = bytes.startIndex
    for index in bytes.indices where bytes[index] == separator {
      result.append(bytes[start..<index])
      start = index + 1
    }
    result.append(bytes[start...])
    return result
  }

  private static func items(_ text: String) -> [String] {
    if text.isEmpty { return [] }
    let bytes = Array(text.utf8)
    return parts(bytes[...], 0x1f).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func pairs(_ text: String) -> [(String, String)] {
    let items = items(text)
    return stride(from: 0, to: items.count - 1, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  /// The rule of one record.
  static func rule(record: [UInt8], provider: String) -> Rule? {
    rule(parts(record[...], 0x1e).map { String(decoding: $0, as: UTF8.self) }, provider: provider)
  }

  private static func rule(_ fields: [String], provider: String) -> Rule? {
    guard fields.count == 21, let kind = RuleKind(rawValue: fields[15]), let severity = Severity(rawValue: fields[3]),
      let confidence = Confidence(rawValue: fields[4]), let group = Int(fields[8]), let width = Int(fields[9]),
      let pairLines = Int(fields[19])
    else { return nil }
    var rule = Rule(
      id: RuleID(fields[0]), kind: kind, detector: fields[16].isEmpty ? nil : fields[16], provider: provider,
      name: fields[1], aliases: items(fields[2]), severity: severity,
      confidence: confidence, literals: items(fields[5]), literalsIgnoreCase: fields[6] == "1", pattern: fields[7],
      secretGroup: group, width: width, minimumEntropy: Double(fields[10]), stopWords: items(fields[11]),
      checksum: ChecksumKind(rawValue: fields[12]), checksumIsOptional: fields[17] == "1",
      isPublic: fields[13] == "1", source: fields[14], pairs: items(fields[18]).map { RuleID($0) },
      pairLines: pairLines,
      paths: items(fields[20]))
    if kind == .keyword { KeywordPattern.expand(&rule, keywords: rule.literals, value: rule.pattern) }
    return rule
  }

  private static func management(_ records: [[String]]) -> Management? {
    guard records.count >= callRecordCount, records[0].count == 7,
      let kind = Recoverability(rawValue: records[0][0])
    else { return nil }
    let limits = pairs(records[0][2]).compactMap { name, text in Int(text).map { (name, $0) } }
    var management = Management(
      recoverability: kind, kinds: items(records[0][3]).map { RuleID($0) },
      base: records[0][1].isEmpty ? nil : records[0][1], verify: call(records[1]),
      list: call(records[2]), create: call(records[3]), regenerate: call(records[4]), revoke: call(records[5]),
      disable: call(records[6]), read: call(records[7]),
      requestsPerMinute: Dictionary(limits, uniquingKeysWith: { $1 }))
    management.lastUsed = call(records[8])
    management.tested = TestedAgainst(rawValue: records[0][4]) ?? .contract
    management.language = ServiceLanguage(rawValue: records[0][5]) ?? .http
    management.keyLimit = Int(records[0][6])
    return management
  }

  private static func call(_ fields: [String]) -> CallTemplate? {
    guard fields.count == 13 else { return nil }
    func optional(_ text: String) -> String? { text.isEmpty ? nil : text }
    return CallTemplate(
      method: fields[0], url: fields[1], headers: pairs(fields[2]).map { HeaderTemplate(name: $0, value: $1) },
      body: fields[4] == "1" ? fields[3] : nil, success: items(fields[5]).compactMap { Int($0) },
      refused: items(fields[6]).compactMap { Int($0) }, mustHold: fields[7].isEmpty ? nil : fields[7],
      fields: Dictionary(pairs(fields[8]), uniquingKeysWith: { $1 }),
      next: optional(fields[9]).map { NextPage(at: $0, url: optional(fields[10]), body: optional(fields[11])) },
      liveText: optional(fields[12]))
  }
}
