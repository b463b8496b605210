// Files of every kind made up from a seed: what stands before the value, the value as the file writes it, what stands
// behind it. Independent of the readers under test.

import Foundation

@testable import EnvFiles
@testable import Formats

/// A file that was made up.
struct MadeUp {
  var head: String
  var token: String
  var tail: String
  /// What the rewriter is told to look for.
  var variable: String
  var text: String { head + token + tail }
}

/// A kind of file, and who really reads it.
enum Grammar: String, CaseIterable {
  case dotenv, python, node, compose, docker, shell, systemd
  case unit, secretData, secretText, composeMap, composeList, json, yaml, toml, ini, npmrc, pypirc, netrc, aws
  case properties, tfvars

  var dialects: [DotenvDialect] { DotenvDialect(rawValue: rawValue).map { [$0] } ?? [] }

  var format: SettingFormat? {
    switch self {
    case .unit: .systemdUnit
    case .secretData, .secretText: .kubernetesSecret
    case .composeMap, .composeList, .yaml: .yaml
    case .json: .json
    case .toml: .toml
    case .ini, .pypirc, .aws: .ini
    case .npmrc: .npmrc
    case .netrc: .netrc
    case .properties: .properties
    case .tfvars: .tfvars
    default: nil
    }
  }

  /// The file's name, where the reader looks at it.
  var fileName: String { self == .composeMap || self == .composeList ? "compose.yaml" : "file" }

  func make(_ old: String, _ dice: inout Dice) -> MadeUp {
    switch self {
    case .dotenv, .python, .node, .compose, .docker, .shell, .systemd: environment(old, &dice)
    case .unit: unit(old, &dice)
    case .secretData, .secretText: secret(old, &dice)
    case .composeMap: composeMap(old, &dice)
    case .composeList: composeList(old, &dice)
    case .json: json(old, &dice)
    case .yaml: yaml(old, &dice)
    case .toml: toml(old, &dice)
    case .ini, .aws, .pypirc: sections(old, &dice)
    case .npmrc: npmrc(old, &dice)
    case .netrc: netrc(old, &dice)
    case .properties: properties(old, &dice)
    case .tfvars: tfvars(old, &dice)
    }
  }

  private func pick(_ choices: [String], _ dice: inout Dice) -> String { choices.randomElement(using: &dice) ?? "" }

  /// Lines that mean nothing to anybody, or assign other names.
  private func lines(_ choices: [String], _ end: String, _ dice: inout Dice, most: Int = 4) -> String {
    (0..<Int.random(in: 0...most, using: &dice)).map { _ in
      pick(choices, &dice).replacingOccurrences(of: "@", with: dice.text("abcXYZ019", 1...9)) + end
    }.joined()
  }

  private func environment(_ old: String, _ dice: inout Dice) -> MadeUp {
    let end = self == .shell || self == .docker || Bool.random(using: &dice) ? "\n" : "\r\n"
    var noise = ["# @", "", "N@=@", "N@=@/@:@.@+@,@-@", "#KEY=@"]
    if self != .docker { noise += ["N@='@ @'", "N@=\"@ @\""] }
    if [.dotenv, .python, .node, .compose, .shell].contains(self) { noise += ["export N@=@", "N@=@ # @"] }
    if self == .systemd { noise += ["; @"] }
    let quote = self == .docker ? "" : pick(["", "'", "\""], &dice)
    let canExport = [.dotenv, .python, .node, .compose, .shell].contains(self)
    let lead = (canExport ? pick(["", "export "], &dice) : "") + "KEY="
    let rest = canExport ? pick(["", " # @", quote.isEmpty ? "" : "  "], &dice) : ""
    let tail = lines(noise, end, &dice)
    return MadeUp(
      head: lines(noise, end, &dice) + lead, token: quote + old + quote,
      tail: rest + (tail.isEmpty ? pick(["", end], &dice) : end + tail), variable: "KEY")
  }

  private func unit(_ old: String, _ dice: inout Dice) -> MadeUp {
    let quote = pick(["", "'", "\""], &dice)
    let before =
      "[Unit]\nDescription=KEY=\(old)\n\n[Service]\n" + lines(["# @", "Environment=N@=@", "; @"], "\n", &dice)
    return MadeUp(
      head: before + "Environment=" + pick(["", "A=@1 ", "\"B=x y\" "], &dice).replacingOccurrences(of: "@", with: "z")
        + quote + "KEY=", token: old, tail: quote + pick(["", " C=1"], &dice) + "\nExecStart=/bin/true\n",
      variable: "KEY")
  }

  private func secret(_ old: String, _ dice: inout Dice) -> MadeUp {
    let section = self == .secretData ? "data" : "stringData"
    let quote = pick(["", "'", "\""], &dice)
    let value = self == .secretData ? Data(old.utf8).base64EncodedString() : old
    let other = self == .secretData ? Data("x-\(dice.text("abc", 1...5))".utf8).base64EncodedString() : "other"
    let indent = pick(["  ", "    "], &dice)
    return MadeUp(
      head: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n" + lines(["# @", ""], "\n", &dice)
        + "\(section):\n\(indent)other: \(other)\n\(indent)KEY: ", token: quote + value + quote,
      tail: pick(["", " # @"], &dice) + "\n\(indent)last: \(other)\ntype: Opaque\n", variable: "KEY")
  }

  private func composeMap(_ old: String, _ dice: inout Dice) -> MadeUp {
    let quote = pick(["'", "\""], &dice)
    return MadeUp(
      head: "services:\n  web:\n    image: \"a:1\"\n" + lines(["    # @"], "\n", &dice)
        + "    environment:\n      A: \"1\"\n      KEY: ", token: quote + old + quote,
      tail: pick(["", " # c"], &dice) + "\n      B: x\n    ports:\n      - \"80:80\"\n",
      variable: "/services/web/environment/KEY")
  }

  private func composeList(_ old: String, _ dice: inout Dice) -> MadeUp {
    let quote = pick(["", "'", "\""], &dice)
    return MadeUp(
      head: "services:\n  web:\n    environment:\n      - A=1\n      - ", token: quote + "KEY=" + old + quote,
      tail: "\n      - B=2\n", variable: "/services/web/environment/1")
  }

  private func json(_ old: String, _ dice: inout Dice) -> MadeUp {
    let space = pick(["", " ", "\t", "\n  "], &dice)
    return MadeUp(
      head: "{\(space)\"n\":\(space)[1,\"\(dice.text("abc \\", 0...0))x\", null],\(space)\"a b\": {\"c\":\(space)",
      token: "\"\(old)\"", tail: "\(space), \"d\": \"\\u00e9\"}}\(pick(["", "\n"], &dice))", variable: "/a b/c")
  }

  private func yaml(_ old: String, _ dice: inout Dice) -> MadeUp {
    let quote = pick(["'", "\""], &dice)
    let end = pick(["\n", "\r\n"], &dice)
    return MadeUp(
      head: pick(["", "---\(end)", "# c\(end)"], &dice) + "a:\(end)  - x\(end)  - b: 'it''s'\(end)    c: ",
      token: quote + old + quote, tail: "\(end)text: |\(end)  c: \(old)\(end)z: [1, {y: 2}]\(end)", variable: "/a/1/c")
  }

  private func toml(_ old: String, _ dice: inout Dice) -> MadeUp {
    let quote = pick(["'", "\""], &dice)
    return MadeUp(
      head: lines(["# @", "n@ = 1", "t@ = \"\"\"\n@\n\"\"\""], "\n", &dice)
        + "[a.\"b c\"]\nkey\(pick(["=", " = "], &dice))",
      token: quote + old + quote, tail: pick(["", " # c"], &dice) + "\nlist = [\n  \"x\", # c\n]\n",
      variable: "/a/b c/key")
  }

  private func sections(_ old: String, _ dice: inout Dice) -> MadeUp {
    let (section, key) =
      self == .aws ? ("default", "aws_secret_access_key") : self == .pypirc ? ("pypi", "password") : ("a b", "key")
    return MadeUp(
      head: lines(["# @", "; @", ""], "\n", &dice) + "[other]\n\(key) = \(old)x\n[\(section)]\nuser=__token__\n\(key)"
        + pick([" = ", "=", ": "], &dice), token: old, tail: pick(["\n", "\n\n[last]\nx = 1\n", ""], &dice),
      variable: "\(section)/\(key)")
  }

  private func npmrc(_ old: String, _ dice: inout Dice) -> MadeUp {
    let quote = pick(["", "\""], &dice)
    return MadeUp(
      head: lines(["; @", "# @", "registry=https://r.example/", "@=@"], "\n", &dice)
        + "//registry.npmjs.org/:_authToken\(pick(["=", " = "], &dice))", token: quote + old + quote,
      tail: pick(["\n", "\nalways-auth=true\n", ""], &dice), variable: "//registry.npmjs.org/:_authToken")
  }

  private func netrc(_ old: String, _ dice: inout Dice) -> MadeUp {
    let space = pick([" ", "\n\t", "\n  "], &dice)
    return MadeUp(
      head: "machine other.example login a password \(old)x\nmachine h.example\(space)login b\(space)password ",
      token: old, tail: pick(["\n", "\n\ndefault login c password d\n", ""], &dice), variable: "h.example/password")
  }

  private func properties(_ old: String, _ dice: inout Dice) -> MadeUp {
    MadeUp(
      head: lines(["# @", "! @", "a.@ : @", "b.@=@\\\n   @"], "\n", &dice) + "db.key"
        + pick([" = ", "=", ":", " "], &dice),
      token: old, tail: pick(["\n", "\nz=1\n", ""], &dice), variable: "db.key")
  }

  private func tfvars(_ old: String, _ dice: inout Dice) -> MadeUp {
    MadeUp(
      head: lines(["# @", "// @", "list = [\n  \"\(old)\",\n]"], "\n", &dice, most: 1)
        + "key\(pick([" = ", "   = "], &dice))",
      token: "\"\(old)\"", tail: pick(["\n", " # c\n", " // c\n"], &dice), variable: "key")
  }
}
