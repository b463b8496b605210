// Whether every rule finds its credential where people put it: behind any usual sign, before any usual sign, under a name
// that is not the service's own. The values come from the rules' own examples, the carriers from here.

import Foundation
import Matching
import Model
import RuleBook
import Testing

/// The files in `Rules/`, read once.
private let repositoryBook: RuleBook? = {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Rules")
  let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    .filter { $0.pathExtension == "toml" }
  return (try? files?.map { try ProviderFile.parse(Array(Data(contentsOf: $0)), name: $0.lastPathComponent) }).flatMap {
    $0
  }
  .map(RuleBook.init)
}()

/// Texts that are scanned at once, since a scan has its price: apart from each other by what no name goes on with.
private struct Batch {
  private(set) var bytes: [UInt8] = []
  private(set) var places: [(what: String, value: Range<Int>)] = []

  mutating func append(_ text: [UInt8], value: Range<Int>, _ what: String) {
    places.append((what, value.lowerBound + bytes.count..<value.upperBound + bytes.count))
    bytes += text
    bytes += Array("\n~~\n".utf8)
  }
}

/// What is tried on every rule.
private struct Carriers {
  let rules: [Rule]
  let matcher: Matcher
  private(set) var failures: [String: Set<String>] = [:]
  private(set) var tried = 0

  init(_ rules: [Rule]) {
    self.rules = rules
    matcher = Matcher(MatcherProgram(rules))
  }

  /// What stands behind a value.
  static let endings = [
    "", "\n", " ", "\"", "'", "`", ",", ";", ")", "]", "}", "&b=c", "<", "|", "\\n", "\\\"", "%22", ".", "\r\n", "\t#",
  ]
  /// What stands before a value that needs no name.
  static let beginnings = [
    "\n", "TOKEN=", "token: ", "token: '", "\"key\": \"", "-H \"Authorization: Bearer ", "Authorization: token ",
    "https://host.invalid/v1?api_key=", "--token=", "--token ", "<token>", "\\n", "\\\"", "\\t", "%22", "x, ", "(\"",
    "['",
    "|", "value=@", "${KEY:-", "k=>", "# ",
  ]
  /// Carriers that only a beginning which is known for certain can be told from: an escape's letter may be the first of a
  /// value that begins with any.
  static let wantALiteral: Set<String> = ["\\n", "\\t", "%22", "${KEY:-"]

  /// The rule's candidates in a text; with its neighbours at work, though what they find does not count.
  func candidates(_ rule: Int, _ text: [UInt8]) -> [Candidate] {
    var candidates: [Candidate] = []
    _ = matcher.scan(text.span, into: &candidates)
    return candidates.filter { $0.rule == rule }
  }

  /// False where no example of the rule is found at all.
  mutating func check(_ index: Int, seed: UInt64) -> Bool {
    for template in rules[index].matches {
      guard let text = try? ExampleTemplate.expand(template, seed: seed) else { continue }
      guard let found = candidates(index, text).first else { continue }
      var batch = Batch()
      // A pattern that takes what stands behind the value (a host, a second part) has an ending of its own.
      if found.match.upperBound == found.secret.upperBound {
        for ending in Carriers.endings {
          let head = text[..<found.secret.upperBound]
          batch.append(head + Array(ending.utf8), value: found.secret, "before \(ending.debugDescription)")
        }
      }
      let value = Array(text[found.secret])
      if found.match == found.secret, candidates(index, value).contains(where: { $0.secret.count == value.count }) {
        appendBeginnings(index, value, to: &batch)
      }
      note(index, batch)
      return true
    }
    return false
  }

  private func appendBeginnings(_ index: Int, _ value: [UInt8], to batch: inout Batch) {
    let isDistinct = rules[index].literals.contains { !$0.contains("/") && value.starts(with: $0.utf8) }
    for beginning in Carriers.beginnings where isDistinct || !Carriers.wantALiteral.contains(beginning) {
      let head = Array(beginning.utf8)
      batch.append(
        head + value, value: head.count..<head.count + value.count, "behind \(beginning.debugDescription)")
    }
  }

  /// A value counts as found where a claim holds all of it; an ending that may be part of such a value may count as one.
  private mutating func note(_ rule: Int, _ batch: Batch) {
    let found = candidates(rule, batch.bytes)
    for (what, value) in batch.places {
      tried += 1
      let isFound = found.contains {
        $0.secret.lowerBound <= value.lowerBound && $0.secret.upperBound >= value.upperBound
      }
      if !isFound { failures[rules[rule].id.rawValue, default: []].insert(what) }
    }
  }
}

@Suite struct RuleCarrierTests {
  /// Which rules are tried: all take a minute without optimization, so it is every sixth of them, or all if the
  /// environment says `KEYWRIGHT_TEST_RULES=all`, as whoever changes the rules does.
  private static func isTried(_ index: Int) -> Bool {
    index % 6 == 1 || ProcessInfo.processInfo.environment["KEYWRIGHT_TEST_RULES"] == "all"
  }

  /// Rules whose own shape forbids a carrier, with the carrier: what is no mistake of theirs.
  private static let exceptions: [String: Set<String>] = [
    // What is written percent-encoded itself goes on behind a %.
    "azure-function-url-code": ["before \"%22\""], "azure-sas-signature": ["before \"%22\""],
    // Prose goes on behind a phrase, settings do not.
    "bip39-mnemonic": ["before \",\"", "before \".\"", "before \";\""],
    // Fifty characters of which any may be a sign.
    "django-insecure-key": ["before \"%22\"", "before \"&b=c\"", "before \")\""],
    // A whole line, and a literal in quotes.
    "htdigest-entry": allEndings, "mysql-native-password-hash": allEndings,
  ]
  private static let allEndings = Set(Carriers.endings.map { "before \($0.debugDescription)" })

  @Test func everyValueIsFoundInEveryCarrier() throws {
    let book = try #require(repositoryBook)
    let seed: UInt64 = 20
    var carriers = Carriers(book.rules.filter { $0.kind != .detector })
    let tried = carriers.rules.indices.filter(Self.isTried)
    let without = tried.filter { !carriers.check($0, seed: seed) }
    #expect(without.isEmpty, "seed \(seed): no example is found of \(without.map { carriers.rules[$0].id })")
    #expect(carriers.tried > tried.count * 25)
    let failures = carriers.failures.filter { !(Self.exceptions[$0.key] ?? []).isSuperset(of: $0.value) }
    for (id, carriers) in failures.sorted(by: { $0.key < $1.key }) {
      Issue.record("seed \(seed): \(id) is not found \(carriers.sorted().joined(separator: ", "))")
    }
  }

  /// What stands where a key would be, and is none: one character over and over, an alphabet in its order, a word.
  private static let fillers = [
    "x", "0", "a", "F", "1234567890", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz", "EXAMPLE",
  ]

  /// Rules whose secret is more than its random part: a block, a token of three parts, an address. (What has a checksum
  /// is proven by that, whatever it is made of.)
  private static let fixed: Set<String> = [
    "firefox-saved-login", "gcp-service-account-key", "jwe", "kubernetes-service-account-token",
    "outlook-calendar-secret-address",
    "render-deploy-hook", "supabase-service-role-key",
  ]

  @Test func whatStandsForAValueIsNone() throws {
    let book = try #require(repositoryBook)
    let rules = book.rules.filter { $0.kind != .detector }
    let carriers = Carriers(rules)
    var tried = 0
    let wanted = rules.indices.filter {
      Self.isTried($0) && rules[$0].checksum == nil && !Self.fixed.contains(rules[$0].id.rawValue)
    }
    for index in wanted {
      let rule = rules[index]
      var batch = Batch()
      for template in rule.matches.prefix(2) {
        for filler in Self.fillers {
          let filled = Self.fill(template, with: filler)
          guard filled != template, let text = try? ExampleTemplate.expand(filled, seed: 5) else { continue }
          batch.append(text, value: 0..<text.count, filler)
        }
      }
      tried += batch.places.count
      let found = carriers.candidates(index, batch.bytes).filter { $0.confidence > .guess }.map(\.secret)
      let fillers = batch.places.filter { place in found.contains { $0.overlaps(place.value) } }.map(\.what)
      if !fillers.isEmpty { Issue.record("\(rule.id) takes for a value what is made of \(Set(fillers).sorted())") }
    }
    #expect(tried > wanted.count * 8)
  }

  /// The template with its random fields of twelve characters or more replaced by the filler over and over.
  private static func fill(_ template: String, with filler: String) -> String {
    let pattern = Array(filler.utf8)
    var result: [UInt8] = []
    var rest = Array(template.utf8)[...]
    while let byte = rest.first {
      let isDoubled = rest.dropFirst().first == byte
      guard byte == 0x7b, !isDoubled, let end = rest.firstIndex(of: 0x7d) else {
        let count = isDoubled && (byte == 0x7b || byte == 0x7d) ? 2 : 1
        result += rest.prefix(count)
        rest = rest.dropFirst(count)
        continue
      }
      let field = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self).split(separator: ":")
      let count = field.count == 2 ? field[1].split(separator: "-").first.flatMap { Int($0) } ?? 0 : 0
      if count >= 12 {
        result += (0..<count).map { pattern[$0 % pattern.count] }
      } else {
        result += rest[rest.startIndex...end]
      }
      rest = rest[(end + 1)...]
    }
    return String(decoding: result, as: UTF8.self)
  }
}
