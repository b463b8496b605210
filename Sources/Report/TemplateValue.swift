// What a report template works on: the values of Go's text/template that templates for reports need, and how Go prints
// them.

internal import Formats
internal import Model

/// A value.
enum TemplateValue {
  case null
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case text(String)
  /// Seconds since 1970.
  case time(Int64)
  case list([TemplateValue])
  case map(TemplateMap)
  /// A value with fixed fields; asking for another is a mistake.
  case record(TemplateRecord)

  /// Whether `if`, `and`, `or`, `not` and `with` take it for true: anything but the empty value of its kind.
  var isTrue: Bool {
    switch self {
    case .null: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .float(let value): value != 0
    case .text(let value): !value.isEmpty
    case .list(let values): !values.isEmpty
    case .map(let map): !map.entries.isEmpty
    case .time, .record: true
    }
  }

  /// Its kind, for messages.
  var kind: String {
    switch self {
    case .null: "nil"
    case .boolean: "a boolean"
    case .integer: "a whole number"
    case .float: "a number"
    case .text: "a text"
    case .time: "a time"
    case .list: "a list"
    case .map: "a dictionary"
    case .record(let record): "a \(record.name)"
    }
  }

  /// What Go calls its kind.
  var goKind: String {
    switch self {
    case .null: "<nil>"
    case .boolean: "bool"
    case .integer: "int"
    case .float: "float64"
    case .text: "string"
    case .time: "time.Time"
    case .list: "[]interface {}"
    case .map: "map[string]interface {}"
    case .record: "struct"
    }
  }

  /// As Go's `%v` prints it.
  ///
  /// - Parameter depth: how deep it lies in others; what refers to itself comes to an end.
  func printed(depth: Int = 0) -> String {
    guard depth < TemplateLimits.maximumDepth else { return "…" }
    switch self {
    case .null: return "<nil>"
    case .boolean(let value): return value ? "true" : "false"
    case .integer(let value): return "\(value)"
    case .float(let value): return TemplateNumber.shortest(value)
    case .text(let value): return value
    case .time(let seconds): return TemplateDate.format(seconds, "2006-01-02 15:04:05 -0700 MST")
    case .list(let values): return "[\(values.map { $0.printed(depth: depth + 1) }.joined(separator: " "))]"
    case .map(let map):
      let pairs = map.sorted.map { "\($0.0):\($0.1.printed(depth: depth + 1))" }
      return "map[\(pairs.joined(separator: " "))]"
    case .record(let record):
      return "{\(record.fields.map { $0.value.printed(depth: depth + 1) }.joined(separator: " "))}"
    }
  }

  /// As JSON; what can't be written as such is null.
  func write(to writer: inout JSONWriter, depth: Int = 0) {
    guard depth < TemplateLimits.maximumDepth else { return writer.null() }
    switch self {
    case .null: writer.null()
    case .boolean(let value): writer.boolean(value)
    case .integer(let value): writer.integer(value)
    case .float(let value): writer.double(value)
    case .text(let value): writer.string(value)
    case .time(let seconds): writer.string(Timestamp.iso8601(seconds))
    case .list(let values):
      writer.array { writer in
        for value in values { value.write(to: &writer, depth: depth + 1) }
      }
    case .map(let map):
      writer.object { writer in
        for (key, value) in map.sorted { writer.member(key) { value.write(to: &$0, depth: depth + 1) } }
      }
    case .record(let record):
      writer.object { writer in
        for field in record.fields where field.isInJSON {
          writer.member(field.name) { field.value.write(to: &$0, depth: depth + 1) }
        }
      }
    }
  }
}

/// A dictionary that several variables may share, as Go's maps are shared.
final class TemplateMap {
  var entries: [String: TemplateValue]
  init(_ entries: [String: TemplateValue]) { self.entries = entries }
  var sorted: [(String, TemplateValue)] { entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
}

/// A value with fixed fields.
struct TemplateRecord {
  struct Field {
    var name: String
    var value: TemplateValue
    var isInJSON = true
  }
  var name: String
  var fields: [Field]

  subscript(_ name: String) -> TemplateValue? { fields.first { $0.name == name }?.value }
}

/// How much a template may do: it is somebody's file, and may not run for ever or fill the memory.
enum TemplateLimits {
  static let maximumDepth = 64
  static let maximumCalls = 100
  static let maximumSteps = 100_000_000
  static let maximumOutputBytes = 512 << 20
  static let maximumTextBytes = 64 << 20
  static let maximumListItems = 1_000_000
}

/// A mistake in a template, or something that it asks for and that is not there.
public struct ReportTemplateError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The template's name.
  public var file: String
  /// Counted from 1.
  public var line: Int
  /// In bytes, counted from 1.
  public var column: Int
  /// What is wrong.
  public var reason: String
  /// `file:line:column: reason`.
  public var description: String { "\(file):\(line):\(column): \(reason)" }
}

/// The same, before its place is known.
struct TemplateFault: Error {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}
