// The generic case: hashes are called hashes, sentences are left alone, values are found behind types, blocks and calls.

import Model
import RuleBook
import Testing

@testable import Matching

private func find(_ text: String) -> [(kind: String, value: String, confidence: Confidence)] { GenericCase.find(text) }

private func text(_ count: Int, _ number: UInt64 = 3) -> String { GenericCase.text(count, number) }

private func hex(_ count: Int, _ number: UInt64 = 5) -> String { GenericCase.hex(count, number) }

/// Hashes in the forms of frameworks and systems.
private var hashes: [String] {
  [
    "pbkdf2:sha256:260000$" + text(16) + "$" + hex(64), "pbkdf2_sha256$260000$" + text(22) + "$" + text(43) + "=",
    "scrypt:32768:8:1$" + text(16) + "$" + hex(128), "$2b$12$" + text(53), "$2y$10$" + text(53),
    "$argon2id$v=19$m=65536,t=3,p=4$" + text(22) + "$" + text(43), "{SSHA}" + text(37) + "=",
    "$6$" + text(16) + "$" + text(86), "$y$j9T$" + text(22) + "$" + text(43),
  ]
}

@Suite struct GenericHashTests {
  @Test(arguments: [
    "password = \"%\"", "DB_PASSWORD=%", "  password: '%'", "\"password\": \"%\",", "app:%", "('app', '%'),",
    "userPassword: %", "<user name=\"app\" password=\"%\"/>",
  ])
  func noHashIsCalledAPassword(template: String) {
    for hash in hashes {
      let found = find(template.replacing("%", with: hash) + "\n")
      #expect(found.allSatisfy { $0.kind == "password-hash" }, "\(template): \(found)")
    }
  }

  @Test func aFileOfAccountsHoldsHashes() {
    for hash in hashes {
      let found = find("app:\(hash)\n")
      #expect(found.map(\.kind) == ["password-hash"], "\(hash): \(found)")
      #expect(found.map(\.value) == [hash])
      #expect(found.allSatisfy { $0.confidence == .context })
    }
  }

  @Test func hashesInTablesAreHashes() {
    for hash in hashes {
      let found = find("INSERT INTO user (username, password) VALUES ('app', '\(hash)');\n")
      #expect(
        found.contains { $0.kind == "password-hash" && $0.value == hash && $0.confidence == .context }, "\(found)")
    }
  }

  @Test func aPasswordWithADollarIsNoHash() {
    for value in ["$ecretValue7qX", "{Kp7qXzzv92w}", "*Kp7qXzzv92wRt", "sha" + text(12)] {
      let bytes = Array(value.utf8)
      let isHash = GenericHashes.isHash(bytes.span)
      #expect(!isHash, "\(value)")
    }
  }

  @Test func readsTheHashesOfParticularPrograms() {
    let hash = hex(64)
    #expect(
      find("<Pass password>\n  Hash = \(hash)\n  Method = SHA256\n  Salt = \(text(20))\n</Pass>\n")
        .contains { $0.kind == "password-hash" && $0.value == hash })
    #expect(find("Hash = \(hash)\nName = x\nOther = y\n").allSatisfy { $0.kind == "credential-file" })
    let grub = "grub.pbkdf2.sha512.10000." + hex(128) + "." + hex(128, 6)
    #expect(find("password_pbkdf2 root \(grub)\n").contains { $0.kind == "password-hash" && $0.value == grub })
    let crypt = "$6$" + text(16) + "$" + text(86)
    #expect(
      find("app@mail.internal:{SHA512-CRYPT}\(crypt):5000:5000::/var/mail::\n")
        .contains { $0.value.hasSuffix(crypt) && $0.confidence == .context })
  }
}

@Suite struct GenericProseTests {
  @Test(arguments: [
    "Co-authored-by: zhumaohua9 <z@x.internal>", "Co-Authored-By: kimbaudi <k@x.internal>",
    "Use the correct flatten mode to pass ossrh validation", "GHA/checksrc: pass zizmor a GH token",
    "some more password blurb", "Use the PackageList field to pass '!ntlm'", "docker run -v $(PWD):/mnt:z image",
    "gpg:                using RSA key E1F036B1FEE7221FC778ECEFB0B5E88696AFE6CB",
    "[GNUPG:] KEY_CONSIDERED D783920D6D4F0C06AA4C25F3FE3958F9067BC667 0",
    "emptyPassword=Niepoprawne dane uwierzytelniania", "key *= 0xff51afd7ed558ccdL;",
    "'Lock-Token': 'urn:uuid:a515cfa4-5da4-22e1-f5b5-00a0451e6bf7'",
    "mac_key abcdefghijklmnopqrstuvwxabcdefghijklmnopqrstuvwxyz",
    "vault login -method=userpass username=kizas4",
  ])
  func sentencesAreLeftAlone(text: String) {
    let found = find(text + "\n").filter { $0.confidence > .guess }
    #expect(found.isEmpty, "\(text): \(found)")
  }

  @Test func aPublicKeyInALiteralOfSeveralLinesIsNone() {
    let body = (0..<4).map { "    " + text(64, $0 + 9) }.joined(separator: "\n")
    let head = "-----BEGIN PUBLIC " + "KEY-----"
    let found = find("String VALID_KEY = \"\"\"\n    \(head)\n\(body)\n    -----END PUBLIC KEY-----\n    \"\"\";\n")
    #expect(found.allSatisfy { $0.kind == "credential-file" }, "\(found)")
  }

  @Test(arguments: [
    "machine host.internal login app password kalleqwx", "  password drfrankzz",
    "ALTER USER app IDENTIFIED BY OPCPWndxub container=all;",
  ])
  func wordsOfLoginsStayCandidates(text: String) {
    #expect(!find(text + "\n").isEmpty, "\(text)")
  }
}

@Suite struct GenericShapeTests {
  @Test(arguments: [
    "variable \"db_password\" {\n  type    = string\n  default = \"%\"\n}", "DBPassword:\n  Type: String\n  Default: %",
    "public string ApiKey { get; set; } = \"%\";", "api_secret = \\\n  \"%\"",
    "let secret = env::var(\"SECRET\").unwrap_or_else(|_| \"%\".into());", "const std::string password{\"%\"};",
    "secretKey, err := hex.DecodeString(\"%\")", "KEY = ENV.fetch(\"API_KEY\") { \"%\" }",
    "buildConfigField \"String\", \"API_KEY\", \"\\\"%\\\"\"",
    "String.fromEnvironment('API_TOKEN', defaultValue: '%');", "jwt.sign({ id }, '%', { expiresIn: '1h' });",
    "cipher = AES.new(b\"%\", AES.MODE_CBC, iv)", "new Sequelize('shop', 'app', '%', { host: 'db' });",
    "crypto.createHmac('sha256', '%')", "mysql_real_connect(conn, \"db\", \"app\", \"%\", \"shop\", 0, NULL, 0);",
    "curl_easy_setopt(curl, CURLOPT_USERPWD, \"app:%\");", "curl --proxy-user app:% -x proxy https://x.internal/",
    "socks5 10.0.0.5 1080 app %", "MONITOR ups@localhost 1 app % master", "rabbitmqctl add_user app %",
    "algorithm hmac-sha256; secret %; };", "ipmitool -I lanplus -U app -P % power on", "  keyPassword \"%\"",
    "string p = Environment.GetEnvironmentVariable(\"DB_PASSWORD\") ?? \"%\";", "dataSource.setPassword(\"%\");",
  ])
  func readsShapes(template: String) {
    let value = text(11, 21) + "7k" + text(19, 22)
    let found = find(template.replacing("%", with: value) + "\n")
    #expect(found.contains { $0.value == value && $0.confidence == .context }, "\(template): \(found)")
  }

  @Test(arguments: [
    "password:\n  type: string\n  default: changeme", "variable \"db_password\" {\n  type = string\n}",
    "public string Password { get; set; }", "AES.new(key, AES.MODE_CBC, iv)", "jwt.sign(payload, secret)",
    "String.fromEnvironment('API_TOKEN')", "socks5 proxy listens on port", "login=http://x.internal/",
    "crypto.createHmac('sha256', key)", "allowCredentials: [{ id: \"nOsjw8eaaqSwVdTBBYE1FqfGdHs\" }]",
    "minipass: \"npm:^7.1.2\"", "password_encryption = 'scram-sha-256'",
  ])
  func leavesWhatHasNoValue(template: String) {
    let found = find(template + "\n").filter { $0.confidence > .guess }
    #expect(found.isEmpty, "\(template): \(found)")
  }

  @Test func aWordyPasswordInCodeIsFoundWhereItLooksChosen() {
    for template in ["password = \"%\"", "user.setPassword(\"%\")", "define('DB_PASSWORD', '%');", "db_pass: %"] {
      let found = find(template.replacing("%", with: "Gehis" + "Losta91") + "\n")
      #expect(found.contains { $0.confidence == .context }, "\(template): \(found)")
    }
  }

  @Test func readsDecimalListsWithoutACall() {
    let value = text(11, 31) + "7k" + text(12, 32)
    let numbers = value.utf8.map { String($0) }
    for template in ["password = [%]", "\"password\": [%],", "char password[] = {%};", "password: [ % ]"] {
      let list = template.replacing("%", with: numbers.joined(separator: ", "))
      #expect(find(list + "\n").contains { $0.value == value && $0.confidence >= .context }, "\(list): \(find(list))")
    }
    #expect(find("\"passwords\": [10, 200, 3, 4, 250, 6, 7, 8, 9, 10, 11, 12, 13]\n").isEmpty)
  }

  @Test func readsKeysThatAreNoText() {
    let bytes = hex(64, 41)
    let list = stride(from: 0, to: 64, by: 2).map { at -> String in
      "0x" + String(bytes.dropFirst(at).prefix(2))
    }.joined(separator: ", ")
    let found = find("static const uint8_t secret_key[32] = { \(list) };\n")
    #expect(found.map(\.value) == [list], "\(found)")
    #expect(find("static const uint8_t lookup[32] = { \(list) };\n").isEmpty)
    #expect(find("static const uint8_t public_key[32] = { \(list) };\n").isEmpty)
    let steps = (0..<32).map { "0x0\(String($0 % 16, radix: 16))" }.joined(separator: ", ")
    #expect(find("static const uint8_t secret_key[32] = { \(steps) };\n").isEmpty)
  }
}
