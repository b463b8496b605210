// The fields of a key that take some judging: formats, commands, names, paths.

internal import Formats

extension Configuration {
  static func format(_ node: Node, _ reader: inout ConfigurationReader) -> SettingFormat? {
    guard let value = node["format"], let name = reader.text("format", in: node) else { return nil }
    guard let format = SettingFormat(name) else {
      reader.mistake(
        value, "'\(ConfigurationReader.shown(name))' is no kind of file",
        hint: ConfigurationReader.hint(
          name,
          among: [
            "json", "toml", "yaml", "kubernetes-secret", "ini", "npmrc", "properties", "netrc", "systemd-unit",
            "tfvars",
          ] + DotenvDialect.allCases.map(\.rawValue)))
      return nil
    }
    if node["dialects"] != nil {
      reader.mistake(value, "give either format or dialects", hint: "dialects are for environment files alone")
    }
    return format
  }

  static func namesVariables(_ format: SettingFormat?) -> Bool {
    switch format {
    case nil, .dotenv, .systemdUnit: true
    default: false
    }
  }

  static func files(_ node: Node) -> [String] {
    node["files"]?.array?.compactMap { $0.string ?? $0["path"]?.string } ?? []
  }

  /// Whether the file's name says that its settings are not called like variables.
  static func isOtherFormat(_ path: String) -> Bool {
    !SettingFormat.inferred(from: path).contains { namesVariables($0) }
  }

  static func reload(_ node: Node, _ reader: inout ConfigurationReader) -> [[String]] {
    guard let value = node["reload"] else { return [] }
    guard let list = value.array, list.allSatisfy({ $0.kind == .array }) else {
      reader.mistake(
        value, "reload must be a list of commands, each a list",
        hint: "write reload = [[\"/usr/bin/systemctl\", \"restart\", \"shop\"]]")
      return []
    }
    return list.map { command($0, "reload", &reader) }.filter { !$0.isEmpty }
  }

  /// A program with its arguments. No shell looks at them.
  static func command(_ node: Node, _ field: String, _ reader: inout ConfigurationReader) -> [String] {
    let words = node.array?.compactMap(\.string) ?? []
    guard let program = words.first, words.count == node.array?.count, !words.contains(where: { $0.utf8.contains(0) })
    else {
      reader.mistake(
        node, "\(field) must be a program and its arguments",
        hint: "such as [\"/usr/bin/systemctl\", \"restart\", \"shop\"]")
      return []
    }
    guard program.hasPrefix("/") else {
      reader.mistake(
        node, "\(field) must name its program by an absolute path, not '\(ConfigurationReader.shown(program))'",
        hint: "find it with: command -v \(ConfigurationReader.shown(program))")
      return []
    }
    return words
  }

  static func isWord(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && !text.hasPrefix("-")
      && text.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
      }
  }

  static func isVariable(_ text: String) -> Bool {
    text.utf8.count <= 256 && !(0x30...0x39).contains(text.utf8.first ?? 0x30)
      && text.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: true
        default: false
        }
      }
  }

  /// An absolute path without `.`, `..` and doubled slashes. Links are looked at when the file is.
  static func resolve(_ path: String, _ folder: String) -> String {
    var parts: [Substring] = []
    let whole = path.hasPrefix("/") ? path : "\(folder)/\(path)"
    for part in whole.split(separator: "/") {
      if part == "." { continue }
      if part == "..", parts.last.map({ $0 != ".." }) ?? whole.hasPrefix("/") {
        _ = parts.popLast()
      } else {
        parts.append(part)
      }
    }
    return (whole.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }
}
