// Times in which nothing that is merely due is begun.

internal import Formats
internal import Model

/// A period in which no scheduled rotation begins. What a person asks for, and what has leaked, is not held back.
public struct FreezePeriod: Sendable, Equatable {
  /// Why, for people.
  public var reason: String
  /// The first moment, in milliseconds since 1970.
  public var fromMs: Int64
  /// The first moment after it.
  public var toMs: Int64
  /// The environments that it holds for; empty for all.
  public var environments: [String]

  /// A period as given.
  public init(reason: String, fromMs: Int64, toMs: Int64, environments: [String] = []) {
    self.reason = reason
    self.fromMs = fromMs
    self.toMs = toMs
    self.environments = environments
  }

  /// Whether it holds at a moment for an environment.
  public func holds(at timeMs: Int64, environment: String?) -> Bool {
    (fromMs..<toMs).contains(timeMs)
      && (environments.isEmpty || environment.map(environments.contains) ?? false)
  }

  static func read(_ node: Node, _ reader: inout ConfigurationReader) -> FreezePeriod? {
    reader.allow(["reason", "from", "to", "environments"], in: node, of: "[[freeze]]")
    let from = moment("from", in: node, &reader)
    let to = moment("to", in: node, &reader)
    let environments = reader.texts("environments", in: node).map(\.text)
    let reason = reader.text("reason", in: node) ?? "freeze"
    guard let from, let to else { return nil }
    guard from < to else {
      reader.mistake(node["to"] ?? node, "to must be later than from")
      return nil
    }
    return FreezePeriod(reason: reason, fromMs: from, toMs: to, environments: environments)
  }

  private static func moment(_ field: String, in node: Node, _ reader: inout ConfigurationReader) -> Int64? {
    guard let text = reader.requiredText(field, in: node, of: "[[freeze]]") else { return nil }
    let whole = text.utf8.count == 10 ? text + "T00:00:00Z" : text
    guard let parsed = Timestamp.parse(whole), Timestamp.iso8601(parsed.seconds, zone: parsed.zone) == whole else {
      reader.mistake(
        node[field] ?? node,
        "\(field) must be a date or a time in quotes, such as \"2026-12-20\" (UTC) or \"2026-12-20T18:00:00+01:00\"")
      return nil
    }
    return parsed.seconds * 1_000
  }
}
