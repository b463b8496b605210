// The text values of a JSON or TOML document as settings, named by their JSON pointers.

enum SettingTree {
  static func settings(of root: Node) -> [Setting] {
    var found: [Setting] = []
    visit(root, "", &found)
    return found
  }

  /// As deep as the parsers let documents nest.
  private static func visit(_ node: Node, _ pointer: String, _ found: inout [Setting]) {
    // Each pointer is a copy of those above it.
    if pointer.utf8.count > Setting.maximumKeyBytes || found.count >= Setting.maximumCount { return }
    if let entries = node.entries {
      for entry in entries { visit(entry.value, pointer + "/" + escaped(entry.key), &found) }
    } else if let values = node.array {
      for (index, value) in values.enumerated() { visit(value, "\(pointer)/\(index)", &found) }
    } else {
      found.append(setting(node, pointer))
    }
  }

  private static func setting(_ node: Node, _ pointer: String) -> Setting {
    var inner = node.span
    var decoding = SettingDecoding.verbatim
    var quoting = SettingQuoting.none
    if case .text(let range, let escaping) = node.content {
      inner = range
      decoding = .escapes(escaping)
      quoting = node.source.withBytes { $0[node.span.lowerBound] } == 0x27 ? .single : .double
    }
    return Setting(
      source: node.source, decoding: decoding, key: pointer, keySpan: node.span.lowerBound..<node.span.lowerBound,
      span: node.span, inner: inner, quoting: quoting, line: node.line, isExported: false,
      doubt: node.kind == .string ? nil : "a \(node.kind.rawValue), not text")
  }

  static func escaped(_ key: String) -> String { key.replacing("~", with: "~0").replacing("/", with: "~1") }
}
