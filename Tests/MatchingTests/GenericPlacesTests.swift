// Passwords whose place is told by a program's grammar: commands, calls, tables, files of logins. And what stands in the
// same places and is none.

import Model
import RuleBook
import Testing

@testable import Matching

private func find(_ text: String) -> [(kind: String, value: String, confidence: Confidence)] { GenericCase.find(text) }

/// The values that are tried, by number, the same in every run: it is the place that is tried, and not how a value of
/// chance looks to the model.
private func value(_ number: UInt64 = 1) -> String {
  var state = number &* 977
  func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }
  let letters = Array("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ")
  return String((0..<6).map { _ in letters[next(letters.count)] }) + "\(1_000 + next(9_000))Qz"
}

private func hex(_ count: Int) -> String { GenericCase.hex(count) }

@Suite struct GenericPlacesTests {
  @Test(arguments: [
    "ldapsearch -x -D cn=admin,dc=x -w % -b dc=x", "redis-cli -h cache -a % ping",
    "docker login -u app -p % reg.internal",
    "mysqldump -h db -uapp -p% shop", "sqlcmd -S sql -U sa -P %", "lftp -u app,% ftp.internal", "unzip -P % a.zip",
    "smbclient //files/share -U app%%%", "sqlplus app/%@shop", "7z x -p% a.7z",
    "net use z: \\\\files\\share /user:app %",
    "echo 'app:%' | chpasswd", "echo % | sudo -S true", "htpasswd -b .htpasswd app %", "mongo db/shop -u app -p %",
    "alias prod='mysql -u app -p%'", "curl -u app:% https://host.internal/", "docker login \\\n  -u app \\\n  -p % reg",
  ])
  func readsCommands(template: String) {
    let value = value()
    let found = find(
      "$ "
        + template.replacing("%%%", with: "%" + value).replacing("%", with: value).replacing(
          value + value, with: "%" + value) + "\n")
    #expect(found.contains { $0.value == value && $0.confidence == .context }, "\(template): \(found)")
  }

  @Test(arguments: [
    "mysqli_connect('db', 'app', '%', 'shop');", "$db = new PDO('mysql:host=db', 'app', '%');",
    "smtp.login('app', '%')",
    "DriverManager.getConnection(url, \"app\", \"%\");", "new NetworkCredential(\"app\", \"%\")",
    "req.SetBasicAuth(\"app\", \"%\")", "requests.get(url, auth=('app', '%'))", "WiFi.begin(\"lab\", \"%\");",
    "dsn := \"app:%@tcp(db:3306)/shop\"", "jdbc:oracle:thin:app/%@db:1521:shop",
    "x = os.environ.get('DB_PASSWORD') or '%'",
    "const p = process.env.DB_PASSWORD || '%';", "{default_pass, <<\"%\">>}", "<password><![CDATA[%]]></password>",
    "<Password>\n  <Value>%</Value>\n</Password>", "snmp-server community % RO", "requirepass %", "psk=%",
    "username app privilege 15 secret 0 %", ": PSK \"%\"", "password\nV 12\n%\n", "CREATE USER app IDENTIFIED BY %;",
    "user app on >% ~* +@all", "<Setting name=\"Proxy password\" type=\"string\">%</Setting>",
  ])
  func readsCallsAndSettings(template: String) {
    let value = value()
    let found = find(template.replacing("%", with: value) + "\n")
    #expect(found.contains { $0.value == value && $0.confidence == .context }, "\(template): \(found)")
  }

  /// A literal that the finder cuts would end in the wrong place.
  @Test func noLiteralOfTheGenericCaseIsCut() {
    for anchor in GenericAnchor.allCases {
      for literal in anchor.literals { #expect(literal.text.utf8.count <= LiteralFinder.maximumBytes, "\(literal)") }
    }
    #expect(find("new UsernamePasswordCredentials(\"app\", \"%\")".replacing("%", with: value())).count == 1)
  }

  @Test(arguments: [
    "docker login -u $USER -p $PASSWORD", "mysql -u root -p", "mysql -u root -p shop", "docker run -p 8080:80 nginx",
    "mongo db --port 27017 -p", "ldapsearch -w \"$PASS\" -b dc=x", "smtp.login(user, password)",
    "smtp.login('user', 'password')",
    "DriverManager.getConnection(url, user, pass);", "auth=('user', 'pass')", "redis-cli -a <password> ping",
    "createUser myuser SHA mypassword AES", "rocommunity public", "echo \"done\" | sudo -S true",
    "sqlplus user/password@host",
    "process.env.PASSWORD || 'password'", "<password><![CDATA[]]></password>",
  ])
  func leavesWhatIsNone(template: String) {
    let found = find(template + "\n").filter { $0.confidence >= .context }
    #expect(found.isEmpty, "\(template): \(found)")
  }

  @Test func readsRowsOfTables() {
    let (hash, other, plain) = (hex(32), hex(40), value())
    let text = """
      INSERT INTO `users` (`id`, `name`, `password`, `email`) VALUES
      (1, 'ann', '\(hash)', 'ann@x.internal'), (2, 'it''s', '\(plain)', NULL);
      INSERT INTO admins VALUES (1, 'root', '\(other)');
      INSERT INTO orders (id, digest) VALUES (1, '\(hex(32))');
      INSERT INTO users (name, password_hash) VALUES ('bob', '\(hex(64))'), ('eve', 'changeme');
      """
    let found = find(text)
    #expect(found.filter { $0.confidence == .context }.map(\.value).count == 4, "\(found)")
    for value in [hash, other, plain] { #expect(found.contains { $0.value == value && $0.confidence == .context }) }
  }

  @Test func columnsAreKnownFromTheTablesDefinition() {
    let plain = value()
    let text = """
      CREATE TABLE IF NOT EXISTS "shop"."clients" ("id" int DEFAULT 0, "label" varchar(20), "api_password" text);
      INSERT INTO "shop"."clients" VALUES (1, 'one', '\(plain)');
      """
    #expect(find(text).contains { $0.value == plain && $0.confidence == .context })
  }

  @Test func readsColumnsOfSeparatedFiles() {
    let (first, second) = (value(), value(2))
    let found = find("name,url,username,password\nShop,https://x.internal,ann,\(first)\n\"A, b\",u,bob,\"\(second)\"\n")
    #expect(Set(found.filter { $0.confidence == .context }.map(\.value)) == [first, second])
    #expect(find("key,value,comment\nhome,\(value()),x\n").allSatisfy { $0.confidence < .context })
  }

  @Test func hostileTablesEnd() {
    let opened = "INSERT INTO users (password) VALUES " + String(repeating: "('", count: 5_000)
    #expect(find(opened).count < 10)
    #expect(find("INSERT INTO " + String(repeating: "x", count: 5_000)).isEmpty)
    #expect(find(String(repeating: "create table ", count: 5_000)).isEmpty)
  }

  @Test func readsListsOfBytes() {
    let value = value() + value(2)
    let hexes = value.utf8.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")
    let numbers = value.utf8.map { String($0) }.joined(separator: ",")
    let letters = value.map { "'\($0)'" }.joined(separator: ", ")
    for text in [
      "unsigned char password[] = {\(hexes), 0x00};", "var password = []byte{\(hexes)}",
      "password = bytes([\(numbers)])",
      "char password[] = {\(letters), '\\0'};", "const password = Buffer.from([\(numbers)]);",
      "private final char[] password = new char[]{\(letters)};", "let password = String.fromCharCode(\(numbers));",
    ] {
      #expect(
        find(text + "\n").contains { $0.value == value && $0.confidence >= .context }, "\(text): \(find(text + "\n"))")
    }
    #expect(
      find("static const u8 password_table[] = { 0x00, 0x01, 0xff, 0x80, 0x02, 0x03, 0x04, 0x05, 0x06 };\n").isEmpty)
  }

  @Test(arguments: [
    ("config/master.key", true), ("a/.vault-token", true), ("etc/ppp/chap-secrets", true), (".htpasswd", true),
    ("VERSION", false), ("src/main.key.md", false), ("etc/passwd", false),
  ])
  func onlyNamesMakeSoleSecrets(path: String, isSecret: Bool) throws {
    let rule = try #require(GenericCase.rules.first { $0.isByName })
    #expect(CredentialFiles.confidence(.guess, rule, in: [BytePath(path)]) == (isSecret ? .context : nil))
    let secret = hex(32)
    #expect(find(secret + "\n").contains { $0.kind == "credential-file" && $0.value == secret })
    #expect(find("This is a text.\nIt says nothing of importance, and it does so at length.\n").isEmpty)
  }

  @Test func rulesOfCertainFilesCountLessElsewhere() {
    var rule = GenericCase.rules[0]
    rule.kind = .pattern
    rule.detector = nil
    rule.paths = ["/.docker/config.json", ".npmrc"]
    func confidence(_ own: Confidence, _ path: String) -> Confidence? {
      CredentialFiles.confidence(own, rule, in: [BytePath(path)])
    }
    #expect(confidence(.structure, ".docker/config.json") == .structure)
    #expect(confidence(.structure, "home/.docker/config.json") == .structure)
    #expect(confidence(.structure, "x.docker/config.json") == .context)
    #expect(confidence(.context, "a/.npmrc") == .context)
    #expect(confidence(.context, "a/b.txt") == .guess)
    #expect(confidence(.checksum, "a/b.txt") == .checksum)
  }
}
