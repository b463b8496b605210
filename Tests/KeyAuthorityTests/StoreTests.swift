// What is on disk: everything that was answered, and never a value.

import Foundation
import Secrets
import Synchronization
import Testing

@testable import KeyAuthority

@Suite struct StoreTests {
  private func folder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "key-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  @Test func noValueIsInTheDatabaseOrTheLog() async throws {
    let service = try await Service()
    var values = [try await service.issue(scopes: [.jobs, .keys])]
    for number in 0..<5 {
      values.append(try service.held(try await service.regenerate(values[0], grace: 60, reference: "r\(number)")))
    }
    for key in values { _ = try await service.send("GET", "/v1/whoami", key: key.value) }
    // In the wrong places, too.
    _ = try await service.send("DELETE", "/v1/api-keys/\(values[1].value)", key: values[2].value)
    _ = try await service.send("GET", "/v1/\(values[1].value)?key=\(values[1].value)", key: values[2].value)
    for entry in service.log.entries.withLock({ $0 }) {
      for key in values { #expect(!"\(entry)".contains(key.value)) }
    }
    func search() throws {
      var found = false
      let files = try FileManager.default.contentsOfDirectory(at: service.directory, includingPropertiesForKeys: nil)
      #expect(files.contains { $0.lastPathComponent == "keys.sqlite" })
      for file in files {
        let bytes = try Data(contentsOf: file)
        for key in values {
          #expect(bytes.range(of: Data(key.value.utf8)) == nil, "\(file.lastPathComponent) holds a value")
          #expect(bytes.range(of: Data(key.value.utf8.dropFirst(6).prefix(34))) == nil)
        }
        found = found || bytes.range(of: Data(values[1].id.utf8)) != nil
      }
      #expect(found, "the search finds what is there")
    }
    try search()
    try await service.end(keeping: true)
    try search()
    try FileManager.default.removeItem(at: service.directory)
  }

  @Test func aRestartKeepsKeysAndCounts() async throws {
    let first = try await Service()
    let key = try await first.issue()
    let dead = try await first.issue()
    _ = try await first.store.revoke(dead.id)
    for _ in 0..<4 { _ = try await first.send("GET", "/v1/whoami", key: key.value) }
    try await first.end(keeping: true)
    let second = try await Service(in: first.directory)
    #expect(try await second.isLive(key))
    #expect(try await !second.isLive(dead))
    let uses = try await second.store.list().map(\.useCount)
    #expect(uses == [5, 0])
    try await second.end()
  }

  @Test func anotherProcessOnTheSameFileIsObeyed() async throws {
    try await withService { service in
      let key = try await service.issue()
      #expect(try await service.isLive(key))
      let administrator = try KeyStore(path: service.database, create: false)
      #expect(try await administrator.revoke(key.id).revokedAt != nil)
      let fresh = try await administrator.issue(KeyRequest(tenant: "demo", name: "n", plan: .free, scopes: []))
      #expect(try await !service.isLive(key))
      #expect(
        try await service.isLive(
          HeldKey(id: fresh.record.id, value: String(decoding: fresh.value.copyBytes(), as: UTF8.self))))
      try await administrator.close()
    }
  }

  @Test func aFileOfSomethingElseIsLeftAlone() async throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = folder.appending(path: "notes.txt")
    try Data("not a database, but long enough to be looked at as if it were one".utf8).write(to: text)
    #expect(throws: AuthorityError.notAKeyDatabase(path: text.path, reason: "it is no SQLite file")) {
      try KeyStore(path: text.path)
    }
    let missing = folder.appending(path: "missing.sqlite").path
    #expect(throws: AuthorityError.cannotOpen(path: missing, reason: "there is no such file")) {
      try KeyStore(path: missing, create: false)
    }
    #expect(!FileManager.default.fileExists(atPath: missing))
    let other = folder.appending(path: "other.sqlite")
    let make = Process()
    make.executableURL = URL(filePath: "/usr/bin/env")
    make.arguments = [
      "python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('create table t(x)'); c.commit()",
      other.path,
    ]
    try make.run()
    make.waitUntilExit()
    let before = try Data(contentsOf: other)
    #expect(throws: AuthorityError.self) { try KeyStore(path: other.path) }
    #expect(try Data(contentsOf: other) == before)
  }

  @Test func theFileIsItsOwnersAloneAndCommitsAreDurable() async throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "k.sqlite").path
    let store = try KeyStore(path: path)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try await store.durability() == "wal 2")
    try await store.close()
  }

  @Test func keysHaveTheirShape() {
    let seed = UInt64.random(in: 0 ... .max)
    let random = SeededRandom(seed)
    var counts: [UInt8: Int] = [:]
    for _ in 0..<500 {
      let text = String(decoding: KeyValue.make(random: random).copyBytes(), as: UTF8.self)
      #expect(text.utf8.count == 46 && text.hasPrefix("aitbc_"), "seed \(seed)")
      #expect(isWellFormed(text), "seed \(seed)")
      for byte in text.utf8.dropFirst(6).prefix(34) { counts[byte, default: 0] += 1 }
      var broken = Array(text.utf8)
      broken[20] = broken[20] == 0x41 ? 0x42 : 0x41
      #expect(!isWellFormed(String(decoding: broken, as: UTF8.self)), "seed \(seed)")
    }
    // 17,000 characters over 62: 274 each. Ten standard deviations either way; a modulo bias would put eight digits at 342.
    #expect(counts.count == 62, "seed \(seed)")
    #expect(counts.values.allSatisfy { (110...440).contains($0) }, "seed \(seed)")
    for text in [
      "", "aitbc_", "aitbc_" + String(repeating: "0", count: 39), "aitbc_" + String(repeating: "-", count: 40),
    ] {
      #expect(!isWellFormed(text))
    }
  }

  /// The checksum against zlib's, by way of Python, and not by way of our own.
  @Test func theChecksumIsTheOneThatScannersKnow() throws {
    let text = String(decoding: KeyValue.make(random: SeededRandom(42)).copyBytes(), as: UTF8.self)
    let script = """
      import sys, zlib
      d = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
      t = sys.stdin.read()
      n, s = zlib.crc32(t[6:40].encode()), ''
      for _ in range(6): n, r = divmod(n, 62); s = d[r] + s
      sys.exit(0 if t[40:] == s else 1)
      """
    let python = Process()
    python.executableURL = URL(filePath: "/usr/bin/env")
    python.arguments = ["python3", "-c", script]
    let input = Pipe()
    python.standardInput = input
    try python.run()
    try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try input.fileHandleForWriting.close()
    python.waitUntilExit()
    #expect(python.terminationStatus == 0)
  }
}
