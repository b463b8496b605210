// The functions that templates may call: Go's own, and those of the sprig library that reports are made with. What would
// read the environment, the network or the clock's zone is left out.

internal import Secrets

struct TemplateFunctions {
  typealias Values = [TemplateValue]
  typealias Body = @Sendable (Values, TemplateFunctions) throws(TemplateFault) -> TemplateValue

  /// How many values a function takes, and what it makes of them.
  struct Function: Sendable {
    var counts: ClosedRange<Int>
    var body: Body
  }

  /// In seconds since 1970.
  let now: Int64

  private static let many = 1_000
  private static let all: [String: Function] =
    comparisons.merging(texts) { first, _ in first }.merging(numbers) { first, _ in first }
    .merging(lists) { first, _ in first }.merging(dictionaries) { first, _ in first }
    .merging(encodings) { first, _ in first }

  /// All of them.
  static let names = Set(all.keys).union(["and", "or"])

  func call(_ name: String, _ values: Values) throws(TemplateFault) -> TemplateValue {
    guard let function = TemplateFunctions.all[name] else { throw TemplateFault("it is not supported") }
    guard function.counts.contains(values.count) else {
      let (low, high) = (function.counts.lowerBound, function.counts.upperBound)
      let wanted = low == high ? "\(low)" : high == TemplateFunctions.many ? "at least \(low)" : "\(low) to \(high)"
      throw TemplateFault("it wants \(wanted) \(wanted == "1" ? "value" : "values") and is given \(values.count)")
    }
    return try function.body(values, self)
  }

  // MARK: Taking values

  static func text(_ value: TemplateValue) -> String {
    if case .null = value { return "" }
    return value.printed()
  }

  static func string(_ value: TemplateValue) throws(TemplateFault) -> String {
    guard case .text(let text) = value else { throw TemplateFault("it wants a text, not \(value.kind)") }
    return text
  }

  static func integer(_ value: TemplateValue) throws(TemplateFault) -> Int {
    switch value {
    case .integer(let number): return number
    case .float(let number): if let whole = Int(exactly: number.rounded(.towardZero)) { return whole }
    case .text(let text): return Int(text) ?? 0
    case .boolean(let flag): return flag ? 1 : 0
    case .null: return 0
    default: break
    }
    throw TemplateFault("it wants a number, not \(value.kind)")
  }

  static func double(_ value: TemplateValue) throws(TemplateFault) -> Double {
    if case .float(let number) = value { return number }
    if case .text(let text) = value { return Double(text) ?? 0 }
    return Double(try integer(value))
  }

  static func list(_ value: TemplateValue) throws(TemplateFault) -> Values {
    switch value {
    case .list(let values): return values
    case .null: return []
    default: throw TemplateFault("it wants a list, not \(value.kind)")
    }
  }

  static func map(_ value: TemplateValue) throws(TemplateFault) -> TemplateMap {
    guard case .map(let map) = value else { throw TemplateFault("it wants a dictionary, not \(value.kind)") }
    return map
  }

  static func bounded(_ text: String) throws(TemplateFault) -> TemplateValue {
    guard text.utf8.count <= TemplateLimits.maximumTextBytes else { throw TemplateFault("the text becomes too long") }
    return .text(text)
  }

  private static func function(_ counts: ClosedRange<Int>, _ body: @escaping Body) -> Function {
    Function(counts: counts, body: body)
  }

  private static func one(_ body: @escaping @Sendable (TemplateValue) throws(TemplateFault) -> TemplateValue)
    -> Function
  {
    Function(counts: 1...1) { (values, _) throws(TemplateFault) in try body(values[0]) }
  }

  private static func two(
    _ body: @escaping @Sendable (TemplateValue, TemplateValue) throws(TemplateFault) -> TemplateValue
  ) -> Function {
    Function(counts: 2...2) { (values, _) throws(TemplateFault) in try body(values[0], values[1]) }
  }

  // MARK: Comparing and choosing

  private static let comparisons: [String: Function] = [
    "not": one { .boolean(!$0.isTrue) },
    "eq": function(2...many) { (values, _) throws(TemplateFault) in
      for other in values.dropFirst() where try equal(values[0], other) { return .boolean(true) }
      return .boolean(false)
    },
    "ne": two { (left, right) throws(TemplateFault) in .boolean(!(try equal(left, right))) },
    "lt": two { (left, right) throws(TemplateFault) in .boolean(try precedes(left, right)) },
    "le": two { (left, right) throws(TemplateFault) in .boolean(!(try precedes(right, left))) },
    "gt": two { (left, right) throws(TemplateFault) in .boolean(try precedes(right, left)) },
    "ge": two { (left, right) throws(TemplateFault) in .boolean(!(try precedes(left, right))) },
    "default": function(1...2) { (values, _) in values.count == 2 && values[1].isTrue ? values[1] : values[0] },
    "empty": one { .boolean(!$0.isTrue) },
    "coalesce": function(0...many) { (values, _) in values.first { $0.isTrue } ?? .null },
    "ternary": function(3...3) { (values, _) in values[2].isTrue ? values[0] : values[1] },
    "all": function(0...many) { (values, _) in .boolean(values.allSatisfy(\.isTrue)) },
    "any": function(0...many) { (values, _) in .boolean(values.contains(where: \.isTrue)) },
    "fail": one { (value) throws(TemplateFault) in throw TemplateFault(text(value)) },
    "kindOf": one { .text($0.goKind.hasPrefix("[]") ? "slice" : $0.goKind.hasPrefix("map") ? "map" : $0.goKind) },
    "typeOf": one { .text($0.goKind) },
  ]

  static func equal(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateFault) -> Bool {
    switch (left, right) {
    case (.text(let a), .text(let b)): return a == b
    case (.integer(let a), .integer(let b)): return a == b
    case (.float(let a), .float(let b)): return a == b
    case (.boolean(let a), .boolean(let b)): return a == b
    case (.time(let a), .time(let b)): return a == b
    case (.null, .null): return true
    case (.null, _), (_, .null): return false
    default: throw TemplateFault("\(left.kind) and \(right.kind) can't be compared")
    }
  }

  private static func precedes(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateFault) -> Bool {
    switch (left, right) {
    case (.text(let a), .text(let b)): return a.utf8.lexicographicallyPrecedes(b.utf8)
    case (.integer(let a), .integer(let b)): return a < b
    case (.float(let a), .float(let b)): return a < b
    default: throw TemplateFault("\(left.kind) and \(right.kind) have no order")
    }
  }

  // MARK: Numbers

  private static func folding(_ operation: @escaping @Sendable (Int, Int) throws(TemplateFault) -> Int) -> Function {
    function(1...many) { (values, _) throws(TemplateFault) in
      var result = try integer(values[0])
      for value in values.dropFirst() { result = try operation(result, try integer(value)) }
      return .integer(result)
    }
  }

  private static let numbers: [String: Function] = [
    "add": folding { $0 &+ $1 }, "sub": folding { $0 &- $1 }, "mul": folding { $0 &* $1 },
    "div": folding { (left, right) throws(TemplateFault) in
      guard right != 0 else { throw TemplateFault("it divides by nought") }
      return left.dividedReportingOverflow(by: right).partialValue
    },
    "mod": folding { (left, right) throws(TemplateFault) in
      guard right != 0 else { throw TemplateFault("it divides by nought") }
      return left.remainderReportingOverflow(dividingBy: right).partialValue
    },
    "max": folding { Swift.max($0, $1) }, "min": folding { Swift.min($0, $1) },
    "add1": one { (value) throws(TemplateFault) in .integer(try integer(value) &+ 1) },
    "int": one { (value) throws(TemplateFault) in .integer(try integer(value)) },
    "int64": one { (value) throws(TemplateFault) in .integer(try integer(value)) },
    "float64": one { (value) throws(TemplateFault) in .float(try double(value)) },
    "floor": one { (value) throws(TemplateFault) in .float(try double(value).rounded(.down)) },
    "ceil": one { (value) throws(TemplateFault) in .float(try double(value).rounded(.up)) },
    "round": two { (value, digits) throws(TemplateFault) in
      .float(Double(TemplateNumber.fixed(try double(value), Swift.min(15, Swift.max(0, try integer(digits))))) ?? 0)
    },
    "now": function(0...0) { (_, functions) in .time(functions.now) },
    "date": two { (layout, time) throws(TemplateFault) in
      guard case .time(let seconds) = time else { throw TemplateFault("it wants a time, not \(time.kind)") }
      return .text(TemplateDate.format(seconds, try string(layout)))
    },
    "htmlDate": one { (time) throws(TemplateFault) in
      guard case .time(let seconds) = time else { throw TemplateFault("it wants a time, not \(time.kind)") }
      return .text(TemplateDate.format(seconds, "2006-01-02"))
    },
    "unixEpoch": one { (time) throws(TemplateFault) in
      guard case .time(let seconds) = time else { throw TemplateFault("it wants a time, not \(time.kind)") }
      return .text("\(seconds)")
    },
  ]
}
