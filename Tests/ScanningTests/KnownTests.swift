// Values of a team's own files, looked for in a repository.

import Foundation
import Matching
import Model
import Secrets
import Testing

@testable import Scanning

@Suite struct KnownTests {
  private var random = Seeded(state: 43)

  private mutating func secret(_ count: Int) -> String {
    let letters = Array("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
    return String((0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
  }

  private func file(_ text: String, _ name: String = ".env") throws -> String {
    let directory = NSTemporaryDirectory() + "keywright-known-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try text.write(toFile: directory + "/" + name, atomically: true, encoding: .utf8)
    return directory + "/" + name
  }

  private func remove(_ path: String) {
    try? FileManager.default.removeItem(at: URL(filePath: path).deletingLastPathComponent())
  }

  @Test mutating func inEveryEncodingAnywhereInAHistory() throws {
    let (plain, encoded, hidden, wide) = (secret(43), secret(20), secret(24), secret(12))
    let env = try file(
      "# ours\nPLAIN=\(plain)\nexport B64='\(encoded)'\nDATABASE_URL=postgres://app:\(hidden)@db/app\nW=\"\(wide)\"\nDEBUG=true\n"
    )
    defer { remove(env) }
    let history = try TestHistory()
    let added = try history.commit("call(\"\(plain)\")\n", to: "a.py")
    try history.commit(nil, to: "a.py")
    try history.commit("data: \(Data("user:\(encoded)".utf8).base64EncodedString())\n", to: "b.yaml")
    try history.commit("x\n", to: "c", message: "Use \(hidden) for now")
    try Data(wide.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }).write(to: URL(filePath: history.path + "/w"))
    try history.git(["add", "w"])
    try history.git(["commit", "-q", "-m", "w"])
    try history.git(["repack", "-adfq"])
    let files = try KnownFiles([env])
    #expect(files.omissions.map(\.key) == ["DEBUG"])
    var options = ScanOptions()
    options.known = files.values
    let report = try Scanner.history(
      history.path, program: files.values.program(with: [TestRule.token]), options: options)
    #expect(report.findings.count == 4 && report.findings.allSatisfy { $0.rule == KnownValues.ruleID })
    #expect(report.findings.allSatisfy { $0.severity == .high && $0.confidence == .checksum })
    let first = try #require(report.finding(plain))
    #expect(first.title == "value of PLAIN in \(env)" && first.occurrences.first?.commitID == added)
    #expect(report.finding(encoded)?.occurrences.first?.decoders == [.base64])
    #expect(report.finding(hidden)?.occurrences.first?.place == .commit)
    #expect(report.finding(hidden)?.title == "value of the password in DATABASE_URL in \(env)")
    #expect(report.finding(wide)?.occurrences.first?.decoders == [.utf16])
    for finding in report.findings {
      for place in finding.occurrences {
        #expect(try Locator.read(place, in: history.path).copyBytes() == finding.secret?.copyBytes())
      }
    }
  }

  @Test mutating func everyFormatOfSettings() throws {
    let values = (0..<6).map { _ in secret(24) }
    let files = [
      try file("{\"db\": {\"password\": \"\(values[0])\"}}", "config.json"),
      try file("a:\n  token: \(values[1])\n", "a.yaml"),
      try file("key = \"\(values[2])\"\n", "a.toml"),
      try file("//registry.internal/:_authToken=\(values[3])\n", ".npmrc"),
      try file(
        "apiVersion: v1\nkind: Secret\ndata:\n  token: \(Data(values[4].utf8).base64EncodedString())\n", "secret.yaml"),
      try file("export SECRET=\(values[5])\n", "env.sh"),
    ]
    defer { files.forEach(remove) }
    var options = ScanOptions()
    options.known = try KnownFiles(files).values
    let text = values.joined(separator: "\n")
    let program = try #require(options.known).program(with: [])
    let report = try Scanner.stream(name: "-", bytes: Array(text.utf8), program: program, options: options)
    for value in values { #expect(report.finding(value) != nil) }
  }

  @Test(arguments: [
    ("A", "true"), ("A", "short"), ("PORT", "5432123456"), ("TOKEN_URL", "https://api.example.com/v1/users"),
    ("SECRET_FILE", "/var/run/secrets/app/token"), ("HOST", "db.internal.example.com"), ("MODE", "production"),
    ("PASSWORD", "changeme"), ("PASSWORD", "postgres"), ("NAME", "my-service-name"), ("MAIL", "someone@example.com"),
    ("API_KEY", "your_api_key_here"), ("REGION", "eu-central-1"), ("KEY", "${OTHER_KEY}"),
    ("WHEN", "2026-01-02T03:04:05"),
  ])
  func whatSaysNothingIsLeftOut(key: String, value: String) throws {
    let env = try file("\(key)='\(value)'\nOTHER=q8Zr2LmW9xKpT4vB\n")
    defer { remove(env) }
    let files = try KnownFiles([env])
    #expect(files.omissions.map(\.key) == [key] && files.values.count == 1, "\(files.omissions)")
    #expect(files.omissions.allSatisfy { value == "short" || !$0.reason.contains(value) })
  }

  @Test(arguments: [
    ("PASSWORD", "correct horse battery"), ("DB_PASS", "myServicePass"), ("PIN", "8361947205"), ("A", "k3v9x2m7"),
    ("WEBHOOK", "https://hooks.acme.io/services/T02ABCDEF/B03/x8Kq2LmW9xKpT4vBz7Qr1"),
    ("A", "/q8Zr2LmW9xKpT4vB1c2d3e4/f"),
  ])
  func whatMayBeASecretIsKept(key: String, value: String) throws {
    let env = try file("\(key)='\(value)'\n")
    defer { remove(env) }
    let files = try KnownFiles([env])
    #expect(files.omissions.isEmpty && files.values.count == 1, "\(files.omissions)")
  }

  @Test func filesThatCanNotBeUsed() throws {
    #expect(throws: ScanError.self) { try KnownFiles(["/nonexistent/keywright/.env"]) }
    let empty = try file("DEBUG=true\n")
    let broken = try file("{\"a\": ", "a.json")
    defer { [empty, broken].forEach(remove) }
    #expect(throws: ScanError.self) { try KnownFiles([empty]) }
    let error = #expect(throws: ScanError.self) { try KnownFiles([broken]) }
    #expect(error?.reason.contains("a.json") == true)
  }
}
