// Takes values out of a parsed table and notes whatever is wrong, instead of stopping at the first mistake.

internal import Formats

struct TableReader {
  let file: String
  private(set) var mistakes: [RuleMistake] = []

  init(file: String) { self.file = file }

  mutating func mistake(_ node: Node, _ reason: String) {
    mistakes.append(RuleMistake(file: file, line: node.line, reason: reason))
  }

  /// Refuses every key that is not among `keys`, and names the nearest that is.
  mutating func allow(_ keys: [String], in node: Node) {
    for entry in node.entries ?? [] where !keys.contains(entry.key) {
      let near = nearest(entry.key, among: keys).map { "; did you mean '\($0)'?" } ?? ""
      mistakes.append(RuleMistake(file: file, line: entry.keyLine, reason: "unknown field '\(entry.key)'\(near)"))
    }
  }

  mutating func text(_ key: String, in node: Node) -> String {
    guard node[key] != nil else {
      mistake(node, "\(key) is missing")
      return ""
    }
    return optionalText(key, in: node) ?? ""
  }

  mutating func optionalText(_ key: String, in node: Node) -> String? {
    guard let value = node[key] else { return nil }
    guard let text = value.string else {
      mistake(value, "\(key) must be text")
      return nil
    }
    return text
  }

  mutating func texts(_ key: String, in node: Node) -> [String] {
    guard let value = node[key] else { return [] }
    guard let list = value.array, list.allSatisfy({ $0.kind == .string }) else {
      mistake(value, "\(key) must be a list of texts")
      return []
    }
    return list.compactMap(\.string)
  }

  mutating func integer(_ key: String, in node: Node) -> Int? {
    guard node[key] != nil else {
      mistake(node, "\(key) is missing")
      return nil
    }
    return optionalInteger(key, in: node)
  }

  mutating func optionalInteger(_ key: String, in node: Node) -> Int? {
    guard let value = node[key] else { return nil }
    guard let number = value.integer else {
      mistake(value, "\(key) must be a whole number")
      return nil
    }
    return number
  }

  mutating func integers(_ key: String, in node: Node) -> [Int]? {
    guard let value = node[key] else { return nil }
    guard let list = value.array, !list.isEmpty, list.allSatisfy({ (100...599).contains($0.integer ?? 0) }) else {
      mistake(value, "\(key) must be a list of HTTP statuses")
      return nil
    }
    return list.compactMap(\.integer)
  }

  mutating func number(_ key: String, in node: Node) -> Double? {
    guard let value = node[key] else { return nil }
    guard let number = value.double, (0...8).contains(number) else {
      mistake(value, "\(key) must be a number from 0 to 8")
      return nil
    }
    return number
  }

  mutating func flag(_ key: String, in node: Node) -> Bool {
    guard let value = node[key] else { return false }
    if value.boolean == nil { mistake(value, "\(key) must be true or false") }
    return value.boolean ?? false
  }

  mutating func table(_ key: String, in node: Node) -> Node? {
    guard let value = node[key] else { return nil }
    guard value.kind == .table else {
      mistake(value, "\(key) must be a table")
      return nil
    }
    return value
  }

  mutating func tables(_ key: String, in node: Node) -> [Node] {
    guard let value = node[key] else { return [] }
    guard let list = value.array, list.allSatisfy({ $0.kind == .table }) else {
      mistake(value, "[[\(key)]] must be a list of tables")
      return []
    }
    return list
  }

  mutating func choice<T: RawRepresentable & CaseIterable>(_ key: String, in node: Node) -> T?
  where T.RawValue == String {
    guard node[key] != nil else {
      mistake(node, "\(key) is missing")
      return nil
    }
    return optionalChoice(key, in: node)
  }

  mutating func optionalChoice<T: RawRepresentable & CaseIterable>(_ key: String, in node: Node) -> T?
  where T.RawValue == String {
    guard let value = node[key], let text = optionalText(key, in: node) else { return nil }
    guard let choice = T(rawValue: text) else {
      mistake(value, "\(key) must be one of \(T.allCases.map(\.rawValue).joined(separator: ", ")), not '\(text)'")
      return nil
    }
    return choice
  }

  private func nearest(_ word: String, among words: [String]) -> String? {
    // A short word is near to everything.
    let limit = min(3, max(1, word.utf8.count / 3))
    return words.map { ($0, editDistance(word, $0)) }.filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
  }
}

/// How many letters have to be changed, added or taken away to make one word of the other.
public func editDistance(_ left: String, _ right: String) -> Int {
  let a = Array(left.utf8)
  let b = Array(right.utf8)
  guard a.count <= 64, b.count <= 64 else { return max(a.count, b.count) }
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let above = row[j + 1]
      row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
      diagonal = above
    }
  }
  return row[b.count]
}
