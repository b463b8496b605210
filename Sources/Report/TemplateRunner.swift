// Runs a template's tree.

struct TemplateRunner {
  typealias Mistake = TemplateScanner.Mistake

  private(set) var output = ""
  private let named: [String: [TemplateNode]]
  private let functions: TemplateFunctions
  /// Innermost last.
  private var variables: [(name: String, value: TemplateValue)] = []
  private var calls = 0
  private var steps = 0

  init(_ named: [String: [TemplateNode]], now: Int64) {
    self.named = named
    functions = TemplateFunctions(now: now)
  }

  /// How a list of nodes ended.
  private enum Flow { case on, leave, next }

  /// Runs the template itself.
  mutating func run(_ nodes: [TemplateNode], on data: TemplateValue) throws(Mistake) {
    variables = [("$", data)]
    _ = try list(nodes, data)
  }

  private mutating func list(_ nodes: [TemplateNode], _ dot: TemplateValue) throws(Mistake) -> Flow {
    let kept = variables.count
    defer { variables.removeLast(variables.count - kept) }
    for node in nodes {
      let flow = try run(node, dot)
      if flow != .on { return flow }
    }
    return .on
  }

  private mutating func run(_ node: TemplateNode, _ dot: TemplateValue) throws(Mistake) -> Flow {
    switch node {
    case .text(let text): try write(text, 0)
    case .action(let pipe):
      let value = try value(pipe, dot)
      if pipe.variables.isEmpty { try write(TemplateRunner.shown(value), pipe.offset) }
    case .condition(let pipe, let then, let otherwise):
      return try scoped { (runner) throws(Mistake) in
        try runner.list(runner.value(pipe, dot).isTrue ? then : otherwise, dot)
      }
    case .with(let pipe, let then, let otherwise):
      return try scoped { (runner) throws(Mistake) in
        let value = try runner.value(pipe, dot)
        return value.isTrue ? try runner.list(then, value) : try runner.list(otherwise, dot)
      }
    case .range(let pipe, let body, let otherwise):
      return try scoped { (runner) throws(Mistake) in try runner.range(pipe, body, otherwise, dot) }
    case .template(let name, let pipe, let offset):
      var data = TemplateValue.null
      if let pipe { data = try value(pipe, dot) }
      try call(name, data, offset)
    case .leave: return .leave
    case .next: return .next
    }
    return .on
  }

  private mutating func scoped(_ body: (inout TemplateRunner) throws(Mistake) -> Flow) throws(Mistake) -> Flow {
    let kept = variables.count
    defer { variables.removeLast(variables.count - kept) }
    return try body(&self)
  }

  private mutating func call(_ name: String, _ data: TemplateValue, _ offset: Int) throws(Mistake) {
    guard calls < TemplateLimits.maximumCalls else {
      throw Mistake(offset: offset, reason: "templates call each other more than \(TemplateLimits.maximumCalls) deep")
    }
    calls += 1
    let outer = variables
    variables = [("$", data)]
    defer {
      variables = outer
      calls -= 1
    }
    _ = try list(named[name] ?? [], data)
  }

  /// What Go prints where a value is missing.
  private static func shown(_ value: TemplateValue) -> String {
    if case .null = value { return "<no value>" }
    return value.printed()
  }

  private mutating func write(_ text: String, _ offset: Int) throws(Mistake) {
    guard text.utf8.count <= TemplateLimits.maximumOutputBytes - output.utf8.count else {
      throw Mistake(offset: offset, reason: "the report grows beyond \(TemplateLimits.maximumOutputBytes) bytes")
    }
    output += text
  }

  private mutating func step(_ offset: Int) throws(Mistake) {
    steps += 1
    guard steps <= TemplateLimits.maximumSteps else {
      throw Mistake(offset: offset, reason: "the template runs too long")
    }
  }

  // MARK: Loops

  private mutating func range(
    _ pipe: TemplatePipe, _ body: [TemplateNode], _ otherwise: [TemplateNode], _ dot: TemplateValue
  ) throws(Mistake) -> Flow {
    var plain = pipe
    plain.variables = []
    let over = try value(plain, dot)
    let items: [(key: TemplateValue, value: TemplateValue)]
    switch over {
    case .null: items = []
    case .list(let values): items = values.enumerated().map { (.integer($0.offset), $0.element) }
    case .map(let map): items = map.sorted.map { (.text($0.0), $0.1) }
    case .integer(let count):
      guard count <= TemplateLimits.maximumListItems else {
        throw Mistake(offset: pipe.offset, reason: "too many rounds")
      }
      items = (0..<max(0, count)).map { (.integer($0), .integer($0)) }
    default: throw Mistake(offset: pipe.offset, reason: "{{range}} can't go over \(over.kind)")
    }
    if items.isEmpty { return try list(otherwise, dot) }
    for item in items {
      try step(pipe.offset)
      let values = pipe.variables.count == 2 ? [item.key, item.value] : [item.value]
      let kept = variables.count
      for (name, value) in zip(pipe.variables, values) { set(name, value, declares: pipe.declares) }
      let flow = try list(body, item.value)
      variables.removeLast(max(0, variables.count - kept))
      if flow == .leave { break }
    }
    return .on
  }

  private mutating func set(_ name: String, _ value: TemplateValue, declares: Bool) {
    if !declares, let place = variables.lastIndex(where: { $0.name == name }) {
      variables[place].value = value
    } else {
      variables.append((name, value))
    }
  }

  // MARK: Values

  private mutating func value(_ pipe: TemplatePipe, _ dot: TemplateValue) throws(Mistake) -> TemplateValue {
    var result: TemplateValue?
    for command in pipe.commands { result = try value(command, dot, given: result) }
    let value = result ?? .null
    for name in pipe.variables { set(name, value, declares: pipe.declares) }
    return value
  }

  private mutating func value(
    _ command: [TemplateOperand], _ dot: TemplateValue, given: TemplateValue?
  ) throws(Mistake) -> TemplateValue {
    guard let first = command.first else { return .null }
    try step(first.offset)
    if case .function(let name) = first.base {
      return try fields(first, try call(name, command, dot, given: given))
    }
    guard command.count == 1, given == nil else {
      throw Mistake(offset: first.offset, reason: "this is no function, so nothing can be given to it")
    }
    return try value(first, dot)
  }

  private mutating func value(_ operand: TemplateOperand, _ dot: TemplateValue) throws(Mistake) -> TemplateValue {
    let base: TemplateValue
    switch operand.base {
    case .dot: base = dot
    case .value(let constant): base = constant.value
    case .variable(let name):
      guard let found = variables.last(where: { $0.name == name }) else {
        throw Mistake(offset: operand.offset, reason: "there is no variable \(name)")
      }
      base = found.value
    case .function(let name): base = try call(name, [operand], dot, given: nil)
    case .pipe(let pipe): base = try value(pipe, dot)
    }
    return try fields(operand, base)
  }

  private func fields(_ operand: TemplateOperand, _ base: TemplateValue) throws(Mistake) -> TemplateValue {
    var value = base
    for name in operand.fields {
      switch value {
      case .map(let map): value = map.entries[name] ?? .null
      case .record(let record):
        guard let field = record[name] else {
          throw Mistake(offset: operand.offset, reason: "a \(record.name) has no field \(name)")
        }
        value = field
      default: throw Mistake(offset: operand.offset, reason: "\(value.kind) has no field \(name)")
      }
    }
    return value
  }

  private mutating func call(
    _ name: String, _ command: [TemplateOperand], _ dot: TemplateValue, given: TemplateValue?
  ) throws(Mistake) -> TemplateValue {
    let offset = command[0].offset
    var arguments: [TemplateValue] = []
    let words = command.dropFirst()
    // These two look at no more than they need.
    if name == "and" || name == "or" {
      for (number, word) in words.enumerated() {
        let value = try value(word, dot)
        if value.isTrue == (name == "or") { return value }
        if number == words.count - 1, given == nil { return value }
      }
      if let given { return given }
      throw Mistake(offset: offset, reason: "'\(name)' wants at least 1 value")
    }
    for word in words { arguments.append(try value(word, dot)) }
    if let given { arguments.append(given) }
    do throws(TemplateFault) { return try functions.call(name, arguments) } catch {
      throw Mistake(offset: offset, reason: "\(name): \(error.reason)")
    }
  }
}
