// Files other than environment files: only the value changes, and Python's own readers find the new one.

import Formats
import Foundation
import Secrets
import Testing

@testable import EnvFiles

@Suite struct FormatTests {
  struct Case: Sendable {
    var format: SettingFormat
    var variable: String
    /// `§` stands for the value.
    var text: String
    /// A Python expression over `text` that finds the value, with the modules it needs.
    var python: String
  }

  static let cases = [
    Case(
      format: .json, variable: "/db/pass~1word",
      text: "{\"db\": { \"pass/word\":\t\"§\" , \"n\": 1},\n \"x\":[\"§x\"]}",
      python: "__import__('json').loads(text)['db']['pass/word']"),
    Case(
      format: .json, variable: "/keys/1", text: "{\"keys\":[\"a\",\"Bearer §\"]}",
      python: "__import__('json').loads(text)['keys'][1][7:]"),
    Case(
      format: .toml, variable: "/a/b/key", text: "# § c\n[a.b] # x\nkey = '§' # y\nother = \"\"\"\n§\"\"\"\n",
      python: "__import__('tomllib').loads(text)['a']['b']['key']"),
    Case(
      format: .toml, variable: "/key", text: "key=\"§\"\r\nn=1\r\n", python: "__import__('tomllib').loads(text)['key']"),
    Case(
      format: .ini, variable: "default/aws_secret_access_key",
      text:
        "[profile x]\naws_secret_access_key = other\n[default]\naws_access_key_id=A\naws_secret_access_key = §\n; c\n",
      python:
        "(c := __import__('configparser').RawConfigParser(), c.read_string(text)) and c['default']['aws_secret_access_key']"
    ),
    Case(
      format: .npmrc, variable: "//registry.npmjs.org/:_authToken",
      text: "; §\nregistry=https://registry.npmjs.org/\n//registry.npmjs.org/:_authToken=§\n//x/:_authToken=${T}\n",
      python: "text.split(':_authToken=')[1].split('\\n')[0]"),
    Case(
      format: .properties, variable: "db.password", text: "! c\ndb.user : u\\\n  v\ndb.password = §\nother=§\n",
      python: "text.split('db.password = ')[1].split('\\n')[0]"),
    Case(
      format: .netrc, variable: "example.org/password",
      text:
        "machine other.org login a password §\nmachine example.org\n  login b\n  password §\n\nmacdef init\nmachine x\n\ndefault login c password d\n",
      python: "__import__('netrc').netrc(path).hosts['example.org'][2]"),
    Case(
      format: .yaml, variable: "/services/web/environment/KEY",
      text:
        "services:\n  web:\n    image: 'a:1' # § c\n    environment:\n      A: \"x: #y\"\n      KEY: § # c\n      B: [1, {c: d}]\n    ports:\n    - \"80:80\"\n",
      python: "__import__('yaml').safe_load(text)['services']['web']['environment']['KEY']"),
    Case(
      format: .yaml, variable: "/env/1",
      text: "---\nenv:\n- A=1\n- KEY=§\n- 'B=2'\nlast: |\n  KEY: §\n   x\nend: yes\n",
      python: "__import__('yaml').safe_load(text)['env'][1][4:]"),
    Case(
      format: .yaml, variable: "/list/0/name/first",
      text: "\"list\":\r\n  -  name:\r\n       first: '§'\r\n       it's: \"a 'b'\"\r\n  - - x\r\n    - y\r\n",
      python: "__import__('yaml').safe_load(text)['list'][0]['name']['first']"),
    Case(
      format: .systemdUnit, variable: "KEY",
      text: "[Service]\n# Environment=KEY=§\nEnvironment=\"A=x y\" 'KEY=§' B=1\nExecStart=/bin/x \\\n  --flag KEY=§\n",
      python: "text.split('KEY=')[2].split(\"'\")[0].replace('%%', '%')"),
    Case(
      format: .tfvars, variable: "key",
      text: "# §\nlist = [\n  \"§\", # }\n]\nmap = { key = \"§\" }\nkey   = \"§\" // c\nn = 1\n",
      python:
        "__import__('json').loads(text.split('key   = ')[1].split(' // c')[0]).replace('$${', '${').replace('%%{', '%{')"
    ),
    Case(
      format: .kubernetesSecret, variable: "KEY",
      text: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  KEY: \"§\"\n  url: x\ntype: Opaque\n",
      python: "__import__('yaml').safe_load(text)['stringData']['KEY']"),
  ]

  private static let hasPython = (try? Program.run("/usr/bin/env", ["python3", "-c", "import tomllib"]).status) == 0
  private static let hasYAML = (try? Program.run("/usr/bin/env", ["python3", "-c", "import yaml"]).status) == 0

  @Test(arguments: FormatTests.cases.indices) func onlyTheValueChangesAndPythonReadsIt(_ index: Int) throws {
    let example = FormatTests.cases[index]
    let scratch = try Scratch(inMemory: true)
    var dice = Dice(UInt64(index + 77))
    let (old, new) = (dice.key(), dice.key())
    let path = try scratch.write(example.text.replacingOccurrences(of: "§", with: old), to: "file")
    let target = EnvTarget(path: path, variable: example.variable, format: example.format)
    _ = try EnvFiles.preflight(target, old: Secret(old))
    let done = try EnvFiles.replace(target, old: Secret(old), new: Secret(new), transaction: "t")
    let written = try scratch.read("file")
    // Every other occurrence of the old value stays: it belongs to somebody else.
    let pieces = example.text.components(separatedBy: "§")
    let fits = (0..<pieces.count - 1).contains { place in
      let text = pieces.enumerated().dropLast().map { $1 + ($0 == place ? new : old) }.joined() + (pieces.last ?? "")
      return text == written
    }
    #expect(fits, "\(example.format): \(written)")
    #expect(done.lines.count == 1)
    #expect(try EnvFiles.state(of: target, old: Secret(old), new: Secret(new)) == .holdsNew)
    guard FormatTests.hasYAML || !example.python.contains("yaml"), FormatTests.hasPython else { return }
    let script =
      "import sys; path = sys.argv[1]; text = open(path, newline='').read(); sys.stdout.write(str(\(example.python)))"
    let read = try Program.run("/usr/bin/env", ["python3", "-c", script, path])
    #expect(read.output == new, "\(example.format) \(example.variable)")
  }

  /// Values with every kind of special character: written and read back, or refused; never written wrongly.
  @Test(arguments: FormatTests.cases.indices) func specialValuesAreQuotedOrRefused(_ index: Int) throws {
    let example = FormatTests.cases[index]
    let scratch = try Scratch(inMemory: true)
    var written: [(value: String, path: String)] = []
    for (number, value)
      in (RealReaderTests.values + ["true", "0x1F", "1e5", "2026-01-02", "a: b", "- a", "{a}", "a\nb"]).enumerated()
    {
      let path = try scratch.write(
        example.text.replacingOccurrences(of: "§", with: "old-value-0123456789"), to: "\(number)")
      let target = EnvTarget(path: path, variable: example.variable, format: example.format)
      do throws(EnvFileError) {
        _ = try EnvFiles.replace(target, old: Secret("old-value-0123456789"), new: Secret(value), transaction: "t")
        written.append((value, path))
      } catch {
        #expect(error.kind == .noSafeQuoting, "\(error)")
      }
    }
    #expect(written.count > 1)
    guard FormatTests.hasYAML || !example.python.contains("yaml"), FormatTests.hasPython else { return }
    guard example.format != .properties && example.format != .npmrc else { return }
    let script = """
      import sys
      for path in sys.argv[1:]:
        text = open(path, newline='').read()
        sys.stdout.write(str(\(example.python)) + '\\x1e')
      """
    let read = try Program.run("/usr/bin/env", ["python3", "-c", script] + written.map(\.path)).output
    let answers = read.components(separatedBy: RealReaderTests.separator).dropLast()
    try #require(answers.count == written.count, "\(example.format): \(read)")
    for (answer, (value, path)) in zip(answers, written) where answer != value {
      Issue.record(
        "\(example.format) \(example.variable): \(answer), not \(value): \(try String(contentsOfFile: path, encoding: .utf8))"
      )
    }
  }

  @Test func aSecretInBase64IsRewritten() throws {
    let scratch = try Scratch(inMemory: true)
    let (old, new) = ("old-value-0123456789", "a new value: \"ü\"\n")
    func file(_ value: String, _ inner: String) -> String {
      let url = "postgres://u:\(inner)@h"
      return """
        kind: ConfigMap
        data:
          KEY: \(old)
        ---
        kind: Secret
        data:
          KEY: \(Data(value.utf8).base64EncodedString()) # c
          URL: "\(Data(url.utf8).base64EncodedString())"

        """
    }
    let path = try scratch.write(file(old, old), to: "s.yaml")
    func target(_ variable: String) -> EnvTarget {
      EnvTarget(path: path, variable: variable, format: .kubernetesSecret)
    }
    _ = try EnvFiles.replace(target("KEY"), old: Secret(old), new: Secret(new), transaction: "t")
    #expect(try scratch.read("s.yaml") == file(new, old))
    _ = try EnvFiles.replace(target("URL"), old: Secret(old), new: Secret("p/w-0123456789"), transaction: "t")
    #expect(try scratch.read("s.yaml") == file(new, "p%2Fw-0123456789"))
  }

  @Test(arguments: [
    ("a: &x §\n", SettingFormat.yaml), ("a: !t §\n", .yaml), ("a: |\n  §\n", .yaml), ("a: [§]\n", .yaml),
    ("a: §\n  more\n", .yaml),
    ("a: \"§\n  x\"\n", .yaml), ("a: \"§\" x\n", .yaml), ("\ta: §\n", .yaml), ("? a\n: §\n", .yaml), ("a: 'x\n", .yaml),
    ("{\"a\": \"§\",}", .json), ("a = §\n", .toml),
    ("kind: Secret\nimmutable: true\nstringData:\n  a: §\n", .kubernetesSecret),
    ("kind: Secret\ndata:\n  a: §\n", .kubernetesSecret),
  ])
  func whatIsNotUnderstoodIsRefused(_ text: String, _ format: SettingFormat) throws {
    let scratch = try Scratch(inMemory: true)
    let path = try scratch.write(text.replacingOccurrences(of: "§", with: "old-value-0123456789"), to: "f")
    let target = EnvTarget(path: path, variable: format == .kubernetesSecret ? "a" : "/a", format: format)
    let error = #expect(throws: EnvFileError.self) {
      try EnvFiles.replace(target, old: Secret("old-value-0123456789"), new: Secret("new-value"), transaction: "t")
    }
    #expect(error?.kind == .malformed, "\(text): \(error.map { "\($0)" } ?? "")")
  }

  @Test(arguments: [
    SettingFormat.yaml, .kubernetesSecret, .ini, .npmrc, .properties, .netrc, .json, .toml, .systemdUnit, .tfvars,
  ])
  func noInputTraps(_ format: SettingFormat) throws {
    let pieces = [
      "a", ":", " ", "\n", "-", "'", "\"", "\\", "#", "[", "]", "{", "}", "|", "---\n", "=", "\\u", "machine ",
      "password ", "\t", "%",
      "kind: Secret\n", "data:\n", "  ", "macdef ", "é", "?", "!", "&", "\r\n", "QQ==", ",", "Environment=", "A=",
      "\"A=", "${", "%%", "<<",
    ]
    for seed in 1...3_000 {
      var dice = Dice(UInt64(seed))
      let text = (0..<Int.random(in: 0..<14, using: &dice)).map { _ in pieces.randomElement(using: &dice) ?? "" }
        .joined()
      guard let settings = try? format.parse(Array(text.utf8), name: "compose") else { continue }
      for setting in settings {
        #expect(setting.span.upperBound <= text.utf8.count && setting.inner.lowerBound >= setting.span.lowerBound)
        _ = setting.value
      }
    }
  }

  @Test func hostileShapesEndQuickly() throws {
    let shapes: [(SettingFormat, String)] = [
      (.yaml, String(repeating: "- ", count: 300_000)), (.yaml, String(repeating: "[", count: 300_000)),
      (.yaml, (0..<300).map { String(repeating: " ", count: $0) + "a:\n" }.joined()),
      (.json, "{\"\(String(repeating: "k", count: 100_000))\":[\(String(repeating: "1,", count: 100_000))1]}"),
      (.yaml, String(repeating: "k", count: 100_000) + ":\n" + String(repeating: "- 1\n", count: 50_000)),
      (.ini, String(repeating: "a=\n", count: 210_000)), (.dotenv(.dotenv), String(repeating: "A=\n", count: 210_000)),
      (.properties, String(repeating: "\\\n", count: 200_000)),
      (.systemdUnit, String(repeating: "\\\n", count: 200_000)),
      (.tfvars, String(repeating: "a=[", count: 100_000)), (.dotenv(.shell), String(repeating: "A=", count: 100_000)),
    ]
    for (format, text) in shapes { _ = try? format.parse(Array(text.utf8), name: "f") }
    #expect(throws: FormatError.self) {
      try SettingFormat.ini.parse(Array(String(repeating: "a=\n", count: 210_000).utf8), name: "f")
    }
  }

  @Test func formatsHaveNamesAndPlaces() {
    for name in [
      "json", "toml", "yaml", "kubernetes-secret", "ini", "npmrc", "properties", "netrc", "compose", "systemd",
    ] {
      #expect(SettingFormat(name)?.description == name)
    }
    #expect(SettingFormat("xml") == nil)
    #expect(SettingFormat.inferred(from: "/home/u/.aws/credentials") == [.ini])
    #expect(SettingFormat.inferred(from: "/x/.env.json") == [.dotenv(.dotenv)])
    #expect(SettingFormat.inferred(from: "/x/deploy.yml") == [.yaml])
    #expect(SettingFormat.inferred(from: "/x/.env") == [.dotenv(.dotenv)])
  }
}
