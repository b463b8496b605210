// The functions that make and take lists and dictionaries.

extension TemplateFunctions {
  private static func listed(_ values: Values) throws(TemplateFault) -> TemplateValue {
    guard values.count <= TemplateLimits.maximumListItems else { throw TemplateFault("the list becomes too long") }
    return .list(values)
  }

  private static func of(_ body: @escaping @Sendable (Values) throws(TemplateFault) -> TemplateValue) -> Function {
    Function(counts: 1...1) { (values, _) throws(TemplateFault) in try body(try list(values[0])) }
  }

  private static func with(_ body: @escaping @Sendable (Values, TemplateValue) throws(TemplateFault) -> TemplateValue)
    -> Function
  {
    Function(counts: 2...2) { (values, _) throws(TemplateFault) in try body(try list(values[0]), values[1]) }
  }

  private static func holds(_ values: Values, _ wanted: TemplateValue) -> Bool {
    values.contains { (try? equal($0, wanted)) ?? false }
  }

  static let lists: [String: Function] = [
    "len": Function(counts: 1...1) { (values, _) throws(TemplateFault) in
      switch values[0] {
      case .text(let text): return .integer(text.utf8.count)
      case .list(let items): return .integer(items.count)
      case .map(let map): return .integer(map.entries.count)
      default: throw TemplateFault("\(values[0].kind) has no length")
      }
    },
    "index": Function(counts: 1...100) { (values, _) throws(TemplateFault) in
      var value = values[0]
      for key in values.dropFirst() { value = try item(of: value, key) }
      return value
    },
    "slice": Function(counts: 1...3) { (values, _) throws(TemplateFault) in try slice(values) },
    "list": Function(counts: 0...1_000) { (values, _) in .list(values) },
    "first": of { $0.first ?? .null }, "last": of { $0.last ?? .null },
    "rest": of { .list(Array($0.dropFirst())) }, "initial": of { .list(Array($0.dropLast())) },
    "reverse": of { .list($0.reversed()) }, "compact": of { .list($0.filter(\.isTrue)) },
    "uniq": of { values in
      .list(values.reduce(into: []) { kept, value in if !holds(kept, value) { kept.append(value) } })
    },
    "sortAlpha": of { values in
      .list(values.map { text($0) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { .text($0) })
    },
    "append": with { (values, value) throws(TemplateFault) in try listed(values + [value]) },
    "prepend": with { (values, value) throws(TemplateFault) in try listed([value] + values) },
    "without": Function(counts: 1...1_000) { (values, _) throws(TemplateFault) in
      .list(try list(values[0]).filter { !holds(Array(values.dropFirst()), $0) })
    },
    "has": Function(counts: 2...2) { (values, _) throws(TemplateFault) in
      .boolean(holds(try list(values[1]), values[0]))
    },
    "concat": Function(counts: 1...1_000) { (values, _) throws(TemplateFault) in
      var all: Values = []
      for value in values { all += try list(value) }
      return try listed(all)
    },
    "join": Function(counts: 2...2) { (values, _) throws(TemplateFault) in
      guard case .list(let items) = values[1] else { return .text(text(values[1])) }
      return try bounded(
        items.filter { if case .null = $0 { false } else { true } }.map { text($0) }
          .joined(separator: text(values[0])))
    },
    "until": Function(counts: 1...1) { (values, _) throws(TemplateFault) in
      let count = try integer(values[0])
      guard count <= TemplateLimits.maximumListItems else { throw TemplateFault("the list becomes too long") }
      return .list((0..<Swift.max(0, count)).map { .integer($0) })
    },
  ]

  private static func item(of value: TemplateValue, _ key: TemplateValue) throws(TemplateFault) -> TemplateValue {
    if case .map(let map) = value { return map.entries[text(key)] ?? .null }
    let place = try integer(key)
    switch value {
    case .list(let items):
      guard items.indices.contains(place) else { throw TemplateFault("there is no item \(place) among \(items.count)") }
      return items[place]
    case .text(let text):
      let bytes = Array(text.utf8)
      guard bytes.indices.contains(place) else { throw TemplateFault("there is no byte \(place) in \(bytes.count)") }
      return .integer(Int(bytes[place]))
    default: throw TemplateFault("\(value.kind) has no items")
    }
  }

  private static func slice(_ values: Values) throws(TemplateFault) -> TemplateValue {
    let count: Int
    switch values[0] {
    case .list(let items): count = items.count
    case .text(let text): count = text.utf8.count
    default: throw TemplateFault("\(values[0].kind) has no items")
    }
    let low = values.count > 1 ? try integer(values[1]) : 0
    let high = values.count > 2 ? try integer(values[2]) : count
    guard low >= 0, low <= high, high <= count else {
      throw TemplateFault("there are no items \(low) to \(high) among \(count)")
    }
    if case .text(let text) = values[0] {
      return .text(String(decoding: Array(text.utf8)[low..<high], as: UTF8.self))
    }
    return .list(Array(try list(values[0])[low..<high]))
  }

  static let dictionaries: [String: Function] = [
    "dict": Function(counts: 0...1_000) { (values, _) in
      let map = TemplateMap([:])
      for start in stride(from: 0, to: values.count, by: 2) {
        map.entries[text(values[start])] = start + 1 < values.count ? values[start + 1] : .text("")
      }
      return .map(map)
    },
    "get": Function(counts: 2...2) { (values, _) throws(TemplateFault) in
      try map(values[0]).entries[text(values[1])] ?? .text("")
    },
    "set": Function(counts: 3...3) { (values, _) throws(TemplateFault) in
      let map = try map(values[0])
      guard map.entries.count < TemplateLimits.maximumListItems else { throw TemplateFault("the dictionary is full") }
      map.entries[text(values[1])] = values[2]
      return values[0]
    },
    "unset": Function(counts: 2...2) { (values, _) throws(TemplateFault) in
      try map(values[0]).entries[text(values[1])] = nil
      return values[0]
    },
    "hasKey": Function(counts: 2...2) { (values, _) throws(TemplateFault) in
      .boolean(try map(values[0]).entries[text(values[1])] != nil)
    },
    "keys": Function(counts: 1...1) { (values, _) throws(TemplateFault) in
      .list(try map(values[0]).sorted.map { .text($0.0) })
    },
    "values": Function(counts: 1...1) { (values, _) throws(TemplateFault) in .list(try map(values[0]).sorted.map(\.1))
    },
  ]
}
