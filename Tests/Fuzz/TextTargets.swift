// The parsers of text that somebody else may have written: settings in every grammar, rule files, gitleaks' configuration, RE2
// patterns, report templates, configurations, policies, baselines, reports.

import EnvFiles
import Foundation
import Model
import Report
import Rotation
import RuleBook
import Scanning
import Secrets
import TestSupport

@testable import EnvFiles
@testable import Formats
@testable import Scanning

/// Seeds of text: pieces shuffled together.
private func mixed(_ pieces: [String], _ random: inout Seeded, most: Int = 8) -> [UInt8] {
  let count = Int.random(in: 1...most, using: &random)
  return Array((0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
}

/// What an error says, without what it quotes from the input.
private func brief(_ text: String) -> String {
  let line = text.split(separator: "\n").first.map(String.init) ?? ""
  return String(line.split(separator: "'", omittingEmptySubsequences: false).first ?? "").prefix(90).description
}

private let settingFormats: [SettingFormat] =
  DotenvDialect.allCases.map { .dotenv($0) } + [
    .json, .toml, .yaml, .kubernetesSecret, .ini, .npmrc, .properties, .netrc, .systemdUnit, .tfvars,
  ]

private let settingPieces = [
  "KEY=value\n", "export K='a b'\n", "K=\"a\\n$B\"\n", "# c\n", "\r\n", "a: b\n", "- x\n", "  y: |\n    z\n",
  "{\"a\": [1, \"b\"]}",
  "[s]\n", "k = \"v\"\n", "k = '''x'''\n", "machine h login l password p\n", "Environment=\"A=b c\" D=e\n",
  "[Service]\n",
  "apiVersion: v1\nkind: Secret\ndata:\n  k: dmFsdWU=\n", "//r/:_authToken=t\n", "a\\ b=c\\\n d\n",
  "k = <<EOT\nx\nEOT\n", "&a *a",
  "\u{FEFF}", "\0", "\\u0041", "\"", "'", "`x`", "${A:-b}",
]

/// Settings in a grammar that the first byte chooses; values must lie where they are said to.
enum SettingTarget: FuzzTarget {
  static let name = "settings"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    [UInt8.random(in: 0..<UInt8(settingFormats.count), using: &random)] + mixed(settingPieces, &random)
  }

  static func run(_ input: [UInt8]) throws -> String {
    guard let first = input.first else { return "nothing" }
    let format = settingFormats[Int(first) % settingFormats.count]
    let bytes = Array(input.dropFirst())
    do {
      let settings = try format.parse(bytes, name: "f")
      for setting in settings {
        guard setting.span.lowerBound >= 0, setting.span.upperBound <= bytes.count,
          setting.inner.lowerBound >= setting.span.lowerBound, setting.inner.upperBound <= setting.span.upperBound
        else { throw FuzzFailure(description: "\(format): a value outside its token") }
        _ = setting.value
      }
      let shapes = Set(settings.map { "\($0.quoting) \($0.doubt ?? "")" }).sorted().prefix(4)
      return "\(format) \(min(settings.count, 3)) \(shapes.joined(separator: ","))"
    } catch let error as FormatError { return "\(format) \(brief(error.reason))" }
  }
}

/// A value exchanged in a file of any grammar: what is written must be read back, and nothing else may change.
enum RewriteTarget: FuzzTarget {
  static let name = "rewrite"
  private static let fresh = Secret(Array("n3w-\"$'\\ value#".utf8))

  static func seed(_ random: inout Seeded) -> [UInt8] { SettingTarget.seed(&random) }

  static func run(_ input: [UInt8]) throws -> String {
    guard let first = input.first else { return "nothing" }
    let format = settingFormats[Int(first) % settingFormats.count]
    let bytes = Array(input.dropFirst())
    guard let settings = try? format.parse(bytes, name: "f"), let setting = settings.last,
      let old = setting.value, old.count > 0
    else { return "none" }
    var target = EnvTarget(path: "f", variable: setting.key, format: format)
    if case .dotenv(let dialect) = format { target = EnvTarget(path: "f", variable: setting.key, dialects: [dialect]) }
    do {
      let text = try EnvText(bytes, target)
      let edit = try EnvEdit(bytes, text, EnvRewrite(step: .exchange, old: Needle(old), new: fresh))
      let after = try EnvText(edit.bytes, target)
      guard try after.state(old: Needle(old), new: Needle(fresh)) == .holdsNew else {
        throw FuzzFailure(description: "\(format): what was written is not read back")
      }
      let others = zip(settings, try format.parse(edit.bytes, name: "f")).allSatisfy { before, now in
        before.key == setting.key || (before.key == now.key && before.value == now.value)
      }
      guard others else { throw FuzzFailure(description: "\(format): another value has changed") }
      return "\(format) \(edit.quoting) \(edit.isPart)"
    } catch let error as EnvFileError { return "\(format) \(error.kind)" }
  }
}

/// A rule file.
enum RuleFileTarget: FuzzTarget {
  static let name = "rule-file"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    mixed(
      [
        "provider = \"x\"\nname = \"X\"\n", "[[rule]]\nid = \"x-key\"\n", "[[detect]]\nid = \"x-key\"\n",
        "pattern = 'x_[a-z]{8}'\n",
        "literals = [\"x_\"]\n", "severity = \"high\"\n", "[verify]\n",
        "[[verify.request]]\nurl = \"https://x.example/{secret}\"\n",
        "examples = [\"x_{a-z:8}\"]\n", "entropy = 3.5\n", "[rotate]\nclass = \"A\"\n", "keywords = []\n",
      ], &random, most: 10)
  }

  static func run(_ input: [UInt8]) throws -> String {
    do {
      let provider = try ProviderFile.parse(input, name: "x.toml")
      return "sound \(provider.rules.count)"
    } catch {
      return error.mistakes.prefix(3).map { brief($0.reason) }.joined(separator: "; ")
    }
  }
}

/// gitleaks' configuration, whose patterns are translated.
enum GitleaksTarget: FuzzTarget {
  static let name = "gitleaks"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    mixed(
      [
        "title = \"t\"\n", "[extend]\nuseDefault = true\ndisabledRules = [\"a\"]\n", "[[rules]]\nid = \"a\"\n",
        "regex = '''x(\\d+)'''\n",
        "secretGroup = 1\n", "entropy = 2.5\n", "keywords = [\"x\"]\n", "path = '''\\.py$'''\n", "tags = [\"t\"]\n",
        "[[rules.allowlists]]\ncondition = \"AND\"\nregexes = ['''y''']\n", "[allowlist]\npaths = ['''z''']\n",
        "[[allowlists]]\ntargetRules = [\"a\"]\nstopwords = [\"w\"]\n",
        "[[rules.required]]\nid = \"b\"\nwithinLines = 3\n",
      ], &random, most: 10)
  }

  static func run(_ input: [UInt8]) throws -> String {
    do {
      let file = try GitleaksConfiguration.parse(input, name: "c", builtin: []) { _ in input }
      return "sound \(file.notes.prefix(2).map { brief($0.reason) })"
    } catch {
      return error.mistakes.prefix(3).map { brief($0.reason) }.joined(separator: "; ")
    }
  }
}

/// A pattern in RE2's syntax.
enum PatternTarget: FuzzTarget {
  static let name = "re2"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    mixed(
      [
        "(?i)", "a", "[a-z0-9]", "{2,5}", "\\b", "(?P<n>", "(", ")", "|", "*?", "\\x{10FFFF}", "[[:alpha:]]", "\\pL",
        "(?U)", "[^\\s]",
        "\\Q.\\E", "{1000}", "$", "\\z", "[\\d-x]", "(?-s:.)",
      ], &random, most: 12)
  }

  static func run(_ input: [UInt8]) throws -> String {
    do {
      let translation = try RE2Translation(String(decoding: input, as: UTF8.self))
      return "sound \(min(translation.groupCount, 3)) \(translation.notes.count)"
    } catch { return brief(error.reason) }
  }
}

/// A report's template, run on two findings.
enum TemplateTarget: FuzzTarget {
  static let name = "template"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    mixed(
      [
        "{{range .}}", "{{end}}", "{{.RuleID}}", "{{if eq .StartLine 1}}", "{{else}}", "{{- len . -}}",
        "{{printf \"%q %5d\" .File 3}}",
        "{{define \"t\"}}", "{{template \"t\" .}}", "{{$x := .File}}", "{{$x | upper}}", "{{/* c */}}", "text",
        "{{with .Tags}}",
        "{{index . 0}}", "{{`raw`}}", "{{range $i, $e := .}}", "{{and true .Secret}}", "{{now | date \"2006\"}}",
        "{{repeat 5 \"x\"}}",
      ], &random, most: 10)
  }

  static func run(_ input: [UInt8]) throws -> String {
    let entry = GitleaksEntry(
      rule: "r", description: "d", startLine: 1, endLine: 2, startColumn: 3, endColumn: 4, match: "m", secret: "s",
      file: "f",
      commit: "c", entropy: 3.5, info: nil, tags: ["a", "b"])
    do {
      let template = try ReportTemplate(String(decoding: input, as: UTF8.self), name: "t")
      let output = try template.render([entry, entry], now: 1_700_000_000)
      return "sound \(output.isEmpty) \(output.count > 100)"
    } catch { return brief(error.reason) }
  }
}

/// keywright.toml.
enum ConfigurationTarget: FuzzTarget {
  static let name = "configuration"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    mixed(
      [
        "[[key]]\nname = \"a\"\nprovider = \"x\"\n", "env = [\"f:K\"]\n", "every = \"30d\"\n", "overlap = \"1h\"\n",
        "reload = [[\"true\"]]\n",
        "[[freeze]]\nfrom = \"2026-01-01\"\nuntil = \"2026-02-01\"\n", "[state]\nkey_file = \"k\"\n",
        "[metrics]\nfile = \"m\"\n",
        "[hooks]\non_failure = [\"x\"]\nwebhook = \"https://x.example\"\n", "[policy.p]\nevery = \"1w\"\n",
        "policy = \"p\"\n",
        "[budget]\nkeys_per_run = 3\n", "deliver = [{ to = \"x\" }]\n", "database = \"postgres://h/d\"\n",
      ], &random, most: 10)
  }

  static func run(_ input: [UInt8]) throws -> String {
    do {
      let configuration = try Configuration.parse(input, "/nowhere/keywright.toml")
      return "sound \(min(configuration.keys.count, 2))"
    } catch {
      return error.mistakes.prefix(3).map { brief("\($0)") }.joined(separator: "; ")
    }
  }
}

/// What lies beside a repository's files: policy, baseline, the reports of other programs and of this one. The first byte chooses.
enum RecordTarget: FuzzTarget {
  static let name = "records"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    let pieces = [
      "[gate]\nfail_on = \"new\"\n", "warn_below = \"structure/high\"\n", "[ignore]\npaths = [\"a/**\"]\n",
      "# keywright baseline 1 key=ab\n",
      "abcdef0123 rule reason=\"x\" expires=2027-01-01\n", "{\"findings\": [", "{\"rule\": \"r\", \"occurrences\": []}",
      "]}", "[]",
      "[{\"RuleID\":\"a\",\"File\":\"f\",\"StartLine\":1,\"Secret\":\"s\"}]", "{\"SourceMetadata\":{},\"Raw\":\"x\"}\n",
      "{\"version\": 1",
      ", \"results\": {\"f\": [{\"type\": \"t\", \"line_number\": 3}]}}", "abc:file:rule:1\n",
    ]
    return [UInt8.random(in: 0..<5, using: &random)] + mixed(pieces, &random)
  }

  static func run(_ input: [UInt8]) throws -> String {
    guard let first = input.first else { return "nothing" }
    let bytes = Array(input.dropFirst())
    do {
      switch first % 5 {
      case 0: return "policy \(try GatePolicy(bytes, name: "p").ignoredPaths.count)"
      case 1: return "baseline \(min(try Baseline(bytes, name: "b").entries.count, 2))"
      case 2: return "report \(min(try JSONReport.read(bytes, name: "r").findings.count, 2))"
      case 3: return "foreign \(try ForeignReport.read(bytes, name: "f").map { "\($0.tool)" } ?? "none")"
      default:
        var reader = MemoryReader(bytes.span, idCount: 20, ruleCount: 3)
        return "memory \(reader.memory() != nil)"
      }
    } catch { return "\(first % 5) \(brief("\(error)"))" }
  }
}

/// Archives within archives.
enum ArchiveTarget: FuzzTarget {
  static let name = "archive"

  static func seed(_ random: inout Seeded) -> [UInt8] {
    let content = Array("member content \(Int.random(in: 0..<9, using: &random))\n".utf8)
    switch Int.random(in: 0..<3, using: &random) {
    case 0: return CraftedPack.zlib(content)
    case 1:
      // A tar header: name, mode, ids, size, time, sum of the bytes with the sum's own place blank.
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, _ at: Int) { for (place, byte) in text.utf8.enumerated() { header[at + place] = byte } }
      put("dir/file", 0)
      put("0000644", 100)
      put("00000000021", 124)
      put("00000000000", 136)
      put("        0", 148)
      put("ustar\0" + "00", 257)
      put(String(header.reduce(0) { $0 + Int($1) }, radix: 8) + "\0", 148)
      return header + content + [UInt8](repeating: 0, count: 1_519 - content.count)
    default:
      func little(_ value: Int, _ count: Int) -> [UInt8] { CraftedPack.bigEndian(value, count).reversed() }
      let name = Array("a.txt".utf8)
      let common = little(20, 2) + little(0, 8) + little(0, 4) + little(content.count, 4) + little(content.count, 4)
      let local = Array("PK\u{3}\u{4}".utf8) + common + little(name.count, 2) + little(0, 2) + name + content
      let central =
        Array("PK\u{1}\u{2}".utf8) + little(20, 2) + common + little(name.count, 2) + little(0, 12) + little(0, 4)
        + name
      return local + central + Array("PK\u{5}\u{6}".utf8) + little(0, 4) + little(1, 2) + little(1, 2)
        + little(central.count, 4) + little(local.count, 4) + little(0, 2)
    }
  }

  static func run(_ input: [UInt8]) throws -> String {
    var walk = ArchiveWalk(input.span, maximumBytes: 1 << 20)
    var (members, bytes) = (0, 0)
    let isArchive = walk.walk(input.span) { _, content in
      members += 1
      bytes += content.count
    }
    guard bytes <= 64 * input.count + 32 << 20 else { throw FuzzFailure(description: "\(bytes) bytes came out") }
    return "\(isArchive) \(min(members, 3)) \(Set(walk.omissions.map { brief($0.reason) }).sorted().prefix(3))"
  }
}
