// The generic case: what is found and what is not, the same through any window, and bounded on hostile input.

import Model
import RuleBook
import Testing

@testable import Matching

private let rules = GenericCase.rules
private let program = GenericCase.program

/// What is found in a text: the kind, the value, the confidence.
private func find(_ text: String) -> [(kind: String, value: String, confidence: Confidence)] {
  let bytes = Array(text.utf8)
  var candidates: [Candidate] = []
  _ = Matcher(program).scan(bytes.span, into: &candidates)
  return Matcher.resolveOverlaps(candidates, rules: program.rules).map { candidate in
    (rules[candidate.rule].id.rawValue, String(decoding: bytes[candidate.secret], as: UTF8.self), candidate.confidence)
  }
}

/// Random text of some characters, from a seed, so that nothing that looks like a key stands in this file.
private struct Dice {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
  mutating func text(_ count: Int, _ alphabet: String = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
    -> String
  {
    let letters = Array(alphabet)
    return String((0..<count).map { _ in letters[Int(next() % UInt64(letters.count))] })
  }
}

@Suite struct GenericTests {
  @Test(arguments: [
    "DB_PASSWORD=%", "password: %", "\"password\": \"%\",", "db.password = '%'", "spring.datasource.password=%",
    "<password>%</password>", "<add key=\"DbPassword\" value=\"%\"/>", "define('DB_PASSWORD', '%');",
    "'password' => '%',", "Server=db;User Id=app;Password=%;", "mysql -u root --password=% app",
    "ALTER USER app IDENTIFIED BY '%';", "machine host.internal login app password %", "conn.connect(password=\"%\")",
    "  - name: DB_PASSWORD\n    value: %\n", "ENV DB_PASSWORD=%", "$config['db_password'] = \"%\";",
    "private static final String PASSWORD = \"%\";", "let dbPassword: String = \"%\"", "password := \"%\"",
    "set imap_pass = \"%\"", "{\"user\": \"app\", \"pass\": \"%\"}",
  ])
  func findsPasswords(template: String) {
    var dice = Dice(state: 7)
    let value = dice.text(14)
    let found = find(template.replacing("%", with: value) + "\n")
    #expect(found.contains { $0.value == value && $0.confidence == .context }, "\(template): \(found)")
  }

  @Test(arguments: [
    ("api_key = \"%\"", "generic-key"), ("X-Api-Key: %", "generic-key"), ("client_secret: '%'", "generic-secret"),
    ("export ACCESS_TOKEN=%", "generic-token"), ("//registry.internal/:_authToken=%", "generic-token"),
    ("Authorization: Bearer %", "bearer-authorization"), ("postgres://app:%@db.internal:5432/app", "url-credentials"),
    ("curl -u admin:% https://host.internal/", "command-line-login"), ("secretAccessKey: %", "generic-secret"),
    ("config.setApiKey(\"%\");", "generic-key"), ("?client_id=1&client_secret=%&grant=x", "generic-secret"),
  ])
  func findsTokens(template: String, kind: String) {
    var dice = Dice(state: 11)
    let value = dice.text(40)
    let found = find(template.replacing("%", with: value) + "\n")
    #expect(
      found.contains { $0.value == value && $0.kind == kind && $0.confidence == .context }, "\(template): \(found)")
  }

  @Test(arguments: [
    "password = os.environ['DB_PASSWORD']", "password: ${DB_PASSWORD}", "password: {{ db_password }}",
    "password = getpass()",
    "password: string", "password: <your password>", "String password = request.getParameter(\"password\");",
    "PASSWORD=changeme", "PASSWORD=********", "if (password == null) {", "self.password = password",
    "password: \"password\"",
    "label(for: \"password\", text: \"Enter your password\")", "secretName: registry-credentials",
    "token = next_token()",
    "key: value", "for key in keys {", "<PublicKeyToken>b77a5c561934e089</PublicKeyToken>",
    "https://example.com/path:80@2",
    "author: Jane", "keyboard = \"qwertz105\"", "docker run -u 1000:1000 image",
    "curl -u $USER:$PASSWORD https://host/",
    "github.com/acme/auth v1.2.3 h1:bm90IGEgc2VjcmV0IGJ1dCBhIGRpZ2VzdCBvZiBjb2Rl=",
    "const passwordField = 'password_field';",
  ])
  func leavesAlone(text: String) {
    let found = find(text + "\n").filter { $0.confidence > .guess }
    #expect(found.isEmpty, "\(text): \(found)")
  }

  @Test func schemesAreNoPartOfTheSecret() {
    var dice = Dice(state: 3)
    let value = dice.text(40)
    #expect(find("headers = {\"Authorization\": \"Bearer \(value)\"}\n").map(\.value) == [value])
  }

  @Test func aHashIsFoundInAFileOfAccounts() {
    var dice = Dice(state: 5)
    let hash = "$6$" + dice.text(8) + "$" + dice.text(86)
    let found = find("root:\(hash):19000:0:99999:7:::\n")
    #expect(found.map(\.kind) == ["password-hash"])
    #expect(found.map(\.value) == [hash])
    #expect(find("root:*:19000:0:99999:7:::\n").isEmpty)
  }

  @Test(arguments: [
    "db.internal:5432:app:admin:%", "  provider :twitter, 'consumer1', '%'", "mysqldump -u root -p% app",
    "sshpass -p % ssh root@host",
  ])
  func findsLoginsByTheirGrammar(template: String) {
    var dice = Dice(state: 31)
    let value = dice.text(16)
    let found = find(template.replacing("%", with: value) + "\n")
    #expect(found.contains { $0.value == value && $0.confidence == .context }, "\(template): \(found)")
  }

  @Test(arguments: [
    "mysql -u root -p app", "mysql -h db -P 3306 -port x", "sshpass -p $PASS ssh host", "a:5432:b:c",
    "provider :github, setup: true",
  ])
  func loginsNeedTheirGrammar(text: String) {
    #expect(find(text + "\n").filter { $0.confidence > .guess }.isEmpty)
  }

  @Test func aWordyPasswordInSettingsIsAGuess() {
    let found = find("DB_HOST=db\nDB_USER=app\nDB_PASSWORD=" + "correct" + "horse9" + "\n")
    #expect(found.map(\.confidence) == [.guess])
  }

  @Test(arguments: [
    "token_url = \"%\"", "password_hash: %", "key_length = %", "public_key = '%'", "client_id: '%'",
    "Sec-WebSocket-Key: %",
  ])
  func theEndOfANameIsWhatItNames(template: String) {
    var dice = Dice(state: 37)
    #expect(find(template.replacing("%", with: dice.text(32)) + "\n").isEmpty)
  }

  @Test func aCandidateIsAFunctionOfTheBytesRoundIt() {
    var dice = Dice(state: 17)
    for _ in 0..<50 {
      let line = "DB_PASSWORD=\(dice.text(12))\n"
      let filler = (0..<40).map { _ in "x = compute(\(dice.next() % 1000))\n" }.joined()
      let padding = String(repeating: "\n", count: GenericLimits.dependsBehind)
      let alone = find(String(filler.suffix(GenericLimits.dependsBefore)) + line + filler + padding)
      let within = find("package main\n" + filler + line + filler + padding + "token = other()\n")
      #expect(alone.map(\.value) == within.map(\.value))
      #expect(alone.map(\.confidence) == within.map(\.confidence))
    }
  }

  @Test(arguments: [
    "password=", "password:\"", "://a:b@", "-u a:b ", "$2a$", "eyJ", "-----BEGIN ", "pass", "key=>'", "token(\"a\", ",
  ])
  func oneWordOverAndOverIsBounded(word: String) {
    let bytes = Array(String(repeating: word, count: 40_000 / word.utf8.count).utf8)
    var candidates: [Candidate] = []
    let clock = ContinuousClock()
    let time = clock.measure { _ = Matcher(program).scan(bytes.span, into: &candidates) }
    #expect(candidates.count <= Matcher.maximumCandidates)
    #expect(time < .seconds(30), "\(word): \(time)")
  }

  @Test func anyBytesAreBorne() {
    var dice = Dice(state: 23)
    let words = [
      "password", "=", ":", "\"", "'", "\\", "token", "://", "@", "Basic ", "-u ", "$6$", "eyJ", "(", "{", "\n", " ",
      "&quot;",
    ]
    for _ in 0..<3_000 {
      var bytes: [UInt8] = []
      for _ in 0..<Int(dice.next() % 12) {
        if dice.next() % 3 == 0 {
          bytes.append(UInt8(truncatingIfNeeded: dice.next()))
        } else {
          bytes += Array(words[Int(dice.next() % UInt64(words.count))].utf8)
        }
      }
      var candidates: [Candidate] = []
      _ = Matcher(program).scan(bytes.span, into: &candidates)
      for candidate in candidates {
        #expect(candidate.secret.upperBound <= bytes.count)
        #expect(candidate.match.lowerBound <= candidate.secret.lowerBound)
      }
    }
  }
}

@Suite struct CredentialFileTests {
  private let rule = rules[0]

  @Test(arguments: [
    ".netrc", "home/me/.pgpass", "www/wp-config.php", "a/.docker/config.json", "prod.tfvars", "etc/shadow",
    "WebServers.xml",
  ])
  func raisesGuesses(path: String) {
    #expect(CredentialFiles.confidence(.guess, rule, in: [BytePath("README"), BytePath(path)]) == .context)
  }

  @Test(arguments: ["main.go", "docs/netrc.md", "docker/config.json", "", "xwp-config.php.md"])
  func leavesOtherFiles(path: String) {
    #expect(CredentialFiles.confidence(.guess, rule, in: [BytePath(path)]) == .guess)
  }

  @Test func leavesWhatIsKnown() {
    #expect(CredentialFiles.confidence(.structure, rule, in: [BytePath(".netrc")]) == .structure)
    var pattern = rule
    pattern.kind = .pattern
    #expect(CredentialFiles.confidence(.guess, pattern, in: [BytePath(".netrc")]) == .guess)
  }
}

@Suite struct GenericModelTests {
  @Test func theWeightsFitTheFeatures() {
    #expect(GenericWeights.features == GenericLayout.count)
    #expect(GenericModel.shared.treeCount > 0)
  }

  @Test func spoiltWeightsAreLeftOut() {
    // A tree that ends early, and a feature that does not exist.
    #expect(GenericModel(0, "00").treeCount == 0)
    #expect(GenericModel(5, "onoo").score(GenericVector()) == GenericModel(5, "").score(GenericVector()))
    #expect(GenericModel(5, "oo").treeCount == 0)
  }

  @Test func whatIsExplainedAddsUp() {
    let text = Array("DB_PASSWORD=\(Dice.sample)\nuser: app\n".utf8)
    let samples = GenericSample.all(in: text.span)
    #expect(samples.count == 1)
    for sample in samples {
      let evidence = sample.evidence
      #expect(!evidence.isEmpty)
      #expect(evidence.reduce(GenericModel.shared.base) { $0 + $1.score } == sample.score)
    }
  }

  @Test func wordsAndDiceDiffer() {
    let word = Array("environment".utf8)
    let dice = Array("xqzvkwjpqtgbf".utf8)
    #expect(GenericText.shared.surprise(word.span, 0..<word.count) < 400)
    #expect(GenericText.shared.surprise(dice.span, 0..<dice.count) > 500)
    #expect(GenericText.shared.cover(word.span, 0..<word.count).covered == word.count)
  }
}

extension Dice {
  fileprivate static var sample: String {
    var dice = Dice(state: 29)
    return dice.text(14)
  }
}
