// From a template's tokens to its tree.

/// A piece of a template.
indirect enum TemplateNode {
  case text(String)
  /// Prints what the pipeline says, unless it only sets a variable.
  case action(TemplatePipe)
  case condition(TemplatePipe, then: [TemplateNode], otherwise: [TemplateNode])
  case with(TemplatePipe, then: [TemplateNode], otherwise: [TemplateNode])
  case range(TemplatePipe, body: [TemplateNode], otherwise: [TemplateNode])
  case template(String, TemplatePipe?, offset: Int)
  case leave(offset: Int)
  case next(offset: Int)
}

/// Commands of which each is given what the one before it said.
struct TemplatePipe {
  var variables: [String] = []
  /// Whether the variables are new, or given another value.
  var declares = true
  var commands: [[TemplateOperand]] = []
  var offset: Int
}

/// One word of a command, with the fields that are asked of it.
struct TemplateOperand {
  indirect enum Base {
    case dot
    case value(TemplateConstant)
    case variable(String)
    case function(String)
    case pipe(TemplatePipe)
  }
  var base: Base
  var fields: [String] = []
  var offset: Int
}

/// What a template says literally.
enum TemplateConstant {
  case null
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case text(String)

  var value: TemplateValue {
    switch self {
    case .null: .null
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .float(let value): .float(value)
    case .text(let value): .text(value)
    }
  }
}

struct TemplateParser {
  typealias Mistake = TemplateScanner.Mistake

  private let tokens: [TemplateToken]
  private let functions: Set<String>
  private var at = 0
  private var end = 0
  private var depth = 0
  private var loops = 0
  private var scopes: [Set<String>] = [["$"]]
  /// Named templates.
  private(set) var named: [String: [TemplateNode]] = [:]
  private var calls: [(name: String, offset: Int)] = []

  private static let maximumDepth = 200

  init(_ text: String, functions: Set<String>) throws(Mistake) {
    tokens = try TemplateScanner.scan(text)
    self.functions = functions
    end = text.utf8.count
  }

  /// The template itself; those it names are in ``named``.
  mutating func document() throws(Mistake) -> [TemplateNode] {
    let (nodes, stop) = try list(until: [])
    if let stop { throw Mistake(offset: stop.offset, reason: "there is nothing that '\(stop.word)' could belong to") }
    for call in calls where named[call.name] == nil {
      throw Mistake(offset: call.offset, reason: "there is no template \"\(call.name)\"")
    }
    return nodes
  }

  private var offset: Int { at < tokens.count ? tokens[at].offset : end }

  private mutating func take(_ kind: TemplateToken.Kind) -> Bool {
    guard at < tokens.count, tokens[at].kind == kind else { return false }
    at += 1
    return true
  }

  private mutating func close() throws(Mistake) {
    guard take(.close) else { throw Mistake(offset: offset, reason: "the action should end here") }
  }

  private typealias Stop = (word: String, offset: Int)

  /// Pieces up to an action that begins with one of the words, which is eaten, or to the end.
  private mutating func list(until words: Set<String>) throws(Mistake) -> ([TemplateNode], Stop?) {
    depth += 1
    defer { depth -= 1 }
    guard depth < TemplateParser.maximumDepth else { throw Mistake(offset: offset, reason: "too deeply nested") }
    var nodes: [TemplateNode] = []
    while at < tokens.count {
      if case .text(let text) = tokens[at].kind {
        nodes.append(.text(text))
        at += 1
        continue
      }
      let start = offset
      guard take(.open) else { throw Mistake(offset: start, reason: "an action should begin here") }
      if at < tokens.count, case .name(let word) = tokens[at].kind, ["end", "else"].contains(word) {
        at += 1
        return (nodes, (word, start))
      }
      if let node = try action(start) { nodes.append(node) }
    }
    if !words.isEmpty { throw Mistake(offset: end, reason: "an {{end}} is missing") }
    return (nodes, nil)
  }

  private mutating func action(_ start: Int) throws(Mistake) -> TemplateNode? {
    guard at < tokens.count, case .name(let word) = tokens[at].kind else { return try plain(start) }
    switch word {
    case "if", "with", "range":
      at += 1
      return try branch(word, start)
    case "define", "block": return try definition(word, start)
    case "template":
      at += 1
      let name = try templateName()
      let pipe = take(.close) ? nil : try closedPipe(start)
      calls.append((name, start))
      return .template(name, pipe, offset: start)
    case "break", "continue":
      at += 1
      guard loops > 0 else { throw Mistake(offset: start, reason: "{{\(word)}} stands outside of a {{range}}") }
      try close()
      return word == "break" ? .leave(offset: start) : .next(offset: start)
    default: return try plain(start)
    }
  }

  private mutating func plain(_ start: Int) throws(Mistake) -> TemplateNode {
    .action(try closedPipe(start))
  }

  private mutating func closedPipe(_ start: Int, inRange: Bool = false) throws(Mistake) -> TemplatePipe {
    let pipe = try self.pipe(start, inRange: inRange)
    try close()
    return pipe
  }

  private mutating func templateName() throws(Mistake) -> String {
    guard at < tokens.count, case .string(let name) = tokens[at].kind else {
      throw Mistake(offset: offset, reason: "the template's name must stand here in quotes")
    }
    at += 1
    return name
  }

  private mutating func definition(_ word: String, _ start: Int) throws(Mistake) -> TemplateNode? {
    at += 1
    let name = try templateName()
    if word == "define", depth > 1 { throw Mistake(offset: start, reason: "{{define}} must stand at the top") }
    let pipe = word == "block" ? try closedPipe(start) : nil
    if word == "define" { try close() }
    let outer = (scopes, loops)
    scopes = [["$"]]
    loops = 0
    let (nodes, stop) = try list(until: ["end"])
    (scopes, loops) = outer
    guard let stop, stop.word == "end" else { throw Mistake(offset: start, reason: "{{\(word)}} has no {{else}}") }
    try close()
    if word == "define", named[name] != nil, !nodes.isEmpty {
      throw Mistake(offset: start, reason: "there is another template \"\(name)\"")
    }
    named[name] = nodes
    guard word == "block" else { return nil }
    return .template(name, pipe, offset: start)
  }

  private mutating func branch(_ word: String, _ start: Int) throws(Mistake) -> TemplateNode {
    scopes.append([])
    defer { scopes.removeLast() }
    let pipe = try closedPipe(start, inRange: word == "range")
    if word == "range" { loops += 1 }
    let (then, stop) = try list(until: ["end", "else"])
    if word == "range" { loops -= 1 }
    var otherwise: [TemplateNode] = []
    if stop?.word == "else" {
      if at < tokens.count, case .name(let next) = tokens[at].kind, next == "if" || next == "with" {
        guard word != "range", next == "if" || word == "with" else {
          throw Mistake(offset: offset, reason: "{{else \(next)}} does not go with {{\(word)}}")
        }
        at += 1
        // The chain's own {{end}} ends all of it.
        otherwise = [try branch(next, start)]
        return node(word, pipe, then, otherwise)
      }
      try close()
      let (nodes, last) = try list(until: ["end"])
      guard last?.word == "end" else { throw Mistake(offset: last?.offset ?? end, reason: "a second {{else}}") }
      otherwise = nodes
    }
    try close()
    return node(word, pipe, then, otherwise)
  }

  private func node(
    _ word: String, _ pipe: TemplatePipe, _ then: [TemplateNode], _ otherwise: [TemplateNode]
  ) -> TemplateNode {
    switch word {
    case "if": .condition(pipe, then: then, otherwise: otherwise)
    case "with": .with(pipe, then: then, otherwise: otherwise)
    default: .range(pipe, body: then, otherwise: otherwise)
    }
  }

  // MARK: Pipelines

  private mutating func pipe(_ start: Int, inRange: Bool = false) throws(Mistake) -> TemplatePipe {
    var pipe = TemplatePipe(offset: offset)
    try variables(&pipe, inRange: inRange)
    repeat { pipe.commands.append(try command()) } while take(.mark("|"))
    for variable in pipe.variables where pipe.declares { scopes[scopes.count - 1].insert(variable) }
    return pipe
  }

  /// `$x :=`, `$x =`, and after `range` `$i, $x :=`.
  private mutating func variables(_ pipe: inout TemplatePipe, inRange: Bool) throws(Mistake) {
    let before = at
    var names: [String] = []
    while at < tokens.count, case .variable(let name) = tokens[at].kind {
      names.append(name)
      at += 1
      if inRange, names.count == 1, take(.mark(",")) { continue }
      break
    }
    let declares = take(.mark(":="))
    guard !names.isEmpty, declares || take(.mark("=")) else {
      at = before
      return
    }
    if !declares { for name in names { try check(name, before) } }
    pipe.variables = names
    pipe.declares = declares
  }

  private func check(_ variable: String, _ token: Int) throws(Mistake) {
    guard scopes.contains(where: { $0.contains(variable) }) else {
      throw Mistake(
        offset: token < tokens.count ? tokens[token].offset : end, reason: "there is no variable \(variable)")
    }
  }

  private mutating func command() throws(Mistake) -> [TemplateOperand] {
    var operands: [TemplateOperand] = []
    let start = offset
    while let operand = try operand() { operands.append(operand) }
    guard !operands.isEmpty else { throw Mistake(offset: start, reason: "a value or a function is missing here") }
    if operands.count > 1, case .value = operands[0].base {
      throw Mistake(offset: operands[1].offset, reason: "what stands before this is no function")
    }
    return operands
  }

  private mutating func operand() throws(Mistake) -> TemplateOperand? {
    guard at < tokens.count else { return nil }
    let token = tokens[at]
    var operand: TemplateOperand
    switch token.kind {
    case .mark("."): operand = TemplateOperand(base: .dot, offset: token.offset)
    case .field(let name): operand = TemplateOperand(base: .dot, fields: [name], offset: token.offset)
    case .variable(let name):
      try check(name, at)
      operand = TemplateOperand(base: .variable(name), offset: token.offset)
    case .string(let text): operand = TemplateOperand(base: .value(.text(text)), offset: token.offset)
    case .integer(let number): operand = TemplateOperand(base: .value(.integer(number)), offset: token.offset)
    case .float(let number): operand = TemplateOperand(base: .value(.float(number)), offset: token.offset)
    case .name(let name): operand = try word(name, token.offset)
    case .mark("("):
      at += 1
      depth += 1
      defer { depth -= 1 }
      guard depth < TemplateParser.maximumDepth else { throw Mistake(offset: offset, reason: "too deeply nested") }
      let inner = try pipe(token.offset)
      guard at < tokens.count, tokens[at].kind == .mark(")") else {
        throw Mistake(offset: offset, reason: "a ) should stand here")
      }
      operand = TemplateOperand(base: .pipe(inner), offset: token.offset)
    default: return nil
    }
    at += 1
    while at < tokens.count, !tokens[at].afterBlank, case .field(let name) = tokens[at].kind {
      operand.fields.append(name)
      at += 1
    }
    return operand
  }

  private func word(_ name: String, _ offset: Int) throws(Mistake) -> TemplateOperand {
    switch name {
    case "true", "false": return TemplateOperand(base: .value(.boolean(name == "true")), offset: offset)
    case "nil": return TemplateOperand(base: .value(.null), offset: offset)
    case "if", "else", "end", "range", "with", "define", "block", "template", "break", "continue":
      throw Mistake(offset: offset, reason: "'\(name)' can't stand here")
    default:
      guard functions.contains(name) else {
        throw Mistake(offset: offset, reason: "the function '\(name)' is not supported")
      }
      return TemplateOperand(base: .function(name), offset: offset)
    }
  }
}
