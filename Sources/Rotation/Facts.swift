// What a journal entry says: a flat JSON object. Written and read here, so that nobody else builds JSON by hand.

internal import Formats

/// Named facts, in order. Never a value of a key.
struct Facts {
  enum Value {
    case text(String)
    case number(Int)
    case flag(Bool)
    case texts([String])
    case numbers([Int])
    case list([Facts])
  }
  private(set) var pairs: [(name: String, value: Value)] = []

  mutating func set(_ name: String, _ value: String?) { if let value { pairs.append((name, .text(value))) } }
  mutating func set(_ name: String, _ value: Int?) { if let value { pairs.append((name, .number(value))) } }
  mutating func set(_ name: String, _ value: Int64?) { if let value { pairs.append((name, .number(Int(value)))) } }
  mutating func set(_ name: String, _ value: Bool) { pairs.append((name, .flag(value))) }
  mutating func set(_ name: String, _ value: [String]) { pairs.append((name, .texts(value))) }
  mutating func set(_ name: String, _ value: [Int]) { pairs.append((name, .numbers(value))) }
  mutating func set(_ name: String, _ value: [Facts]) { pairs.append((name, .list(value))) }

  init() {}

  /// A reason alone, and what to do about it.
  init(reason: String, hint: String? = nil) {
    set("reason", reason)
    set("hint", hint)
  }

  /// The object on one line.
  var json: String {
    var writer = JSONWriter(indent: 0)
    write(to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private func write(to writer: inout JSONWriter) {
    writer.object { writer in
      for (name, value) in pairs {
        writer.key(name)
        switch value {
        case .text(let text): writer.string(text)
        case .number(let number): writer.integer(number)
        case .flag(let flag): writer.boolean(flag)
        case .texts(let texts): writer.array { list in for text in texts { list.string(text) } }
        case .numbers(let numbers): writer.array { list in for number in numbers { list.integer(number) } }
        case .list(let facts): writer.array { list in for item in facts { item.write(to: &list) } }
        }
      }
    }
  }
}

extension Node {
  /// The object in a journal entry's data.
  static func facts(_ data: String, in place: String) throws(FormatError) -> Node {
    try JSON.parse(Array(data.utf8), name: place)
  }

  func texts(_ name: String) -> [String] { self[name]?.array?.compactMap(\.string) ?? [] }
}
