// The ledger: durable, sealed, chained, one open rotation per key, and clear about a lost key.

import Foundation
import Posix
import Secrets
import Testing

@testable import Ledger

private final class Folder: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "keywright-ledger-\(UUID().uuidString)").path
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func ledger() throws -> Ledger { try Ledger(directory: path) }

  func bytes() throws -> [Data] {
    try FileManager.default.contentsOfDirectory(atPath: path).compactMap {
      FileManager.default.contents(atPath: "\(path)/\($0)")
    }
  }

  /// Runs SQL in another program, as a careless hand might.
  func sqlite(_ sql: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()",
      path + "/ledger.sqlite", sql,
    ]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}

private func record(_ txid: String, key: String = "demo") -> RotationRecord {
  RotationRecord(
    txid: txid, key: key, provider: "aitbc", recoverability: "C", state: "INTENT", createdMs: 1_000, updatedMs: 1_000)
}

private func step(
  _ state: String, values: [(label: String, value: Secret)] = [], outcome: String? = nil, purges: Bool = false
)
  -> LedgerStep
{
  LedgerStep(state: state, data: "{}", timeMs: 2_000, values: values, outcome: outcome, purges: purges)
}

@Suite struct LedgerTests {
  @Test func keepsARotationOverProcesses() throws {
    let folder = try Folder()
    let value = Secret("a value that must not be seen")
    do {
      let ledger = try folder.ledger()
      try ledger.begin(record("t1"), step("INTENT", values: [("old", value)]), actor: "me")
      try ledger.append(step("REQUESTED"), to: "t1", fence: 1, actor: "me")
    }
    let ledger = try folder.ledger()
    #expect(try ledger.openRotations().map(\.state) == ["REQUESTED"])
    #expect(try ledger.journal(of: "t1").map(\.state) == ["INTENT", "REQUESTED"])
    #expect(try ledger.sealedValue("old", of: "t1") == value)
    for data in try folder.bytes() { #expect(data.range(of: Data("must not be seen".utf8)) == nil) }
  }

  @Test func onlyItsOwnerMayLook() throws {
    let folder = try Folder()
    let ledger = try folder.ledger()
    try ledger.begin(record("t1"), step("INTENT"), actor: "me")
    #expect(try Files.status(folder.path).mode == 0o700)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name != "locks" {
      #expect(try Files.status(folder.path + "/" + name).mode == 0o600, "\(name)")
    }
    unsafe chmod(folder.path, 0o755)
    let error = #expect(throws: LedgerError.self) { try folder.ledger() }
    #expect(error?.hint?.contains("chmod 700") == true)
  }

  @Test func aKeyHasOneOpenRotation() throws {
    let ledger = try Folder().ledger()
    try ledger.begin(record("t1"), step("INTENT"), actor: "me")
    try ledger.begin(record("t2", key: "other"), step("INTENT"), actor: "me")
    let error = #expect(throws: LedgerError.self) { try ledger.begin(record("t3"), step("INTENT"), actor: "me") }
    #expect(error?.kind == .alreadyOpen("t1"))
    try ledger.append(step("DONE", outcome: "done"), to: "t1", fence: 1, actor: "me")
    try ledger.begin(record("t3"), step("INTENT"), actor: "me")
  }

  @Test func purgesValuesFromTheFiles() throws {
    let folder = try Folder()
    let ledger = try folder.ledger()
    try ledger.begin(record("t1"), step("INTENT", values: [("old", Secret("x"))]), actor: "me")
    let box = try #require(try ledger.boxes().first)
    try ledger.append(step("DONE", outcome: "done", purges: true), to: "t1", fence: 1, actor: "me")
    #expect(try ledger.sealedValue("old", of: "t1") == nil)
    #expect(try ledger.boxes().isEmpty)
    for data in try folder.bytes() { #expect(data.range(of: Data(box.utf8)) == nil) }
  }

  @Test func anOvertakenHolderWritesNothing() throws {
    let ledger = try Folder().ledger()
    try ledger.begin(record("t1"), step("INTENT"), actor: "me")
    #expect(try ledger.takeUp("t1") == 2)
    let error = #expect(throws: LedgerError.self) {
      try ledger.append(step("REQUESTED"), to: "t1", fence: 1, actor: "me")
    }
    #expect(error?.kind == .fenced)
    try ledger.append(step("REQUESTED"), to: "t1", fence: 2, actor: "me")
    try ledger.append(step("CLOSED", outcome: "not_executed"), to: "t1", fence: 2, actor: "me")
    #expect(throws: LedgerError.self) { try ledger.append(step("REQUESTED"), to: "t1", fence: 2, actor: "me") }
    #expect(throws: LedgerError.self) { try ledger.takeUp("t1") }
  }

  @Test(arguments: [
    "UPDATE journal SET state = 'DONE' WHERE seq = 2", "UPDATE journal SET data = '{\"a\":1}' WHERE seq = 1",
    "DELETE FROM journal WHERE seq = 1", "UPDATE journal SET time_ms = 5 WHERE seq = 2",
  ])
  func aChangedJournalIsNotBelieved(_ sql: String) throws {
    let folder = try Folder()
    let ledger = try folder.ledger()
    try ledger.begin(record("t1"), step("INTENT"), actor: "me")
    try ledger.append(step("REQUESTED"), to: "t1", fence: 1, actor: "me")
    try folder.sqlite(sql)
    let error = #expect(throws: LedgerError.self) { try ledger.journal(of: "t1") }
    #expect(error?.kind == .damaged)
  }

  @Test(arguments: [
    "UPDATE audit SET actor = 'you' WHERE seq = 2", "DELETE FROM audit WHERE seq = 2",
    "UPDATE audit SET event = 'x', seq = 9 WHERE seq = 3",
  ])
  func aChangedAuditLogIsNoticed(_ sql: String) throws {
    let folder = try Folder()
    let ledger = try folder.ledger()
    for event in ["one", "two", "three"] { try ledger.audit(event, timeMs: 1, actor: "me") }
    var events: [String] = []
    let head = try ledger.verifyAudit { events.append($0.event) }
    #expect(events == ["one", "two", "three"])
    #expect(head.count == 3)
    try folder.sqlite(sql)
    let error = #expect(throws: LedgerError.self) { try ledger.verifyAudit() }
    #expect(error?.kind == .damaged)
  }

  @Test func aLostInstallKeyIsSaidClearly() throws {
    let folder = try Folder()
    _ = try folder.ledger()
    let path = folder.path + "/install.key"
    let key = try #require(FileManager.default.contents(atPath: path))
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: LedgerError.self) { try folder.ledger() }
    // Another install's key is no better than none.
    let other = try Folder()
    _ = try other.ledger()
    try FileManager.default.copyItem(atPath: other.path + "/install.key", toPath: path)
    let error = #expect(throws: LedgerError.self) { try folder.ledger() }
    #expect(error?.kind == .keyLost)
    try Files.replaceAtomically(path, Array("nonsense".utf8), mode: 0o600)
    #expect(throws: LedgerError.self) { try folder.ledger() }
    try Files.replaceAtomically(path, Array(key), mode: 0o644)
    #expect(throws: LedgerError.self) { try folder.ledger() }
    try Files.replaceAtomically(path, Array(key), mode: 0o600)
    _ = try folder.ledger()
  }

  @Test func theInstallKeyMayLieElsewhere() throws {
    let folder = try Folder()
    let elsewhere = try Folder()
    try FileManager.default.createDirectory(atPath: elsewhere.path, withIntermediateDirectories: true)
    let first = try Ledger(directory: folder.path, keyPath: elsewhere.path + "/key")
    #expect(!Files.exists(folder.path + "/install.key"))
    let again = try Ledger(directory: folder.path, keyPath: elsewhere.path + "/key")
    #expect(first.install.fingerprints.id == again.install.fingerprints.id)
  }

  @Test func manyProcessesOpenAtOnce() async throws {
    let folder = try Folder()
    let ids = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<8 { group.addTask { try folder.ledger().install.fingerprints.id } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(ids.count == 1)
  }

  @Test func aKeyIsLockedByOneHolder() throws {
    let folder = try Folder()
    let ledger = try folder.ledger()
    do {
      let lock = try ledger.lock(key: "../../demo")
      #expect(lock != nil)
      #expect(try folder.ledger().lock(key: "../../demo") == nil)
      #expect(try folder.ledger().lock(key: "other") != nil)
      withExtendedLifetime(lock) {}
    }
    #expect(try ledger.lock(key: "../../demo") != nil)
  }

  @Test func aForeignFileIsNotALedger() throws {
    let folder = try Folder()
    try Files.makeDirectory(folder.path, mode: 0o700)
    try Files.replaceAtomically(folder.path + "/ledger.sqlite", Array(repeating: 0x41, count: 8_192), mode: 0o600)
    let error = #expect(throws: LedgerError.self) { try folder.ledger() }
    #expect(error?.kind == .damaged)
    // Nothing of it was changed.
    #expect(try Files.read(folder.path + "/ledger.sqlite", maximumBytes: 9_000) == Array(repeating: 0x41, count: 8_192))
  }

  @Test func aNewerSchemaIsLeftAlone() throws {
    let folder = try Folder()
    _ = try folder.ledger()
    try folder.sqlite("PRAGMA user_version = 99")
    let error = #expect(throws: LedgerError.self) { try folder.ledger() }
    #expect(error?.kind == .tooNew)
  }

  @Test func rehearsesWithoutATrace() throws {
    let folder = try Folder()
    let ledger = try folder.ledger()
    try ledger.rehearse("demo")
    #expect(try ledger.sealedLabels(of: "demo").isEmpty)
  }
}
