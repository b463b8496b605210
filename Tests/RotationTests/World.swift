// One machine with one key: a folder with environment files and a ledger, a service, a clock that nobody waits for.

import EnvFiles
import Foundation
import Ledger
import Posix
import Providers
import RuleBook
import Secrets
import Synchronization
import Testing
import Transport

@testable import Rotation

/// Thrown out of a checkpoint: the process is gone.
struct Killed: Error {}

final class World: Sendable {
  let root: String
  let clock = ManualClock()
  let service: FakeService
  let provider: Provider
  let key: ConfiguredKey
  let oldValue: String
  private struct Calls {
    var count = 0
    var names: [String] = []
    var killAt: Int?
    var failAt: String?
  }
  private let calls = Mutex(Calls())

  /// The service behind real sockets; nil where it is asked in memory.
  let server: ServiceServer?
  /// Whether this value made the folder.
  private let isOwner: Bool
  private let carrier: (any HTTPTransport)?

  init(
    _ style: FakeService.Style = .grace, files: Int = 2, graceMs: Int64 = 3_600_000, overHTTP: Bool = false,
    change: (inout Provider) -> Void = { _ in }
  ) throws {
    // In memory where there is such a place: hundreds of runs, each with dozens of durable commits.
    let parent = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/keywright-rotation-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    service = FakeService(style: style, clock: clock)
    let server = overHTTP ? try ServiceServer(service) : nil
    (self.server, carrier, isOwner) = (server, server?.transport, true)
    var described = try World.provider(style)
    change(&described)
    provider = described
    let (id, value) = service.issue()
    oldValue = value
    var paths: [String] = []
    for index in 0..<files {
      let path = "\(root)/app\(index).env"
      try "# settings\nexport KEY=\"\(value)\" # the key\nLEVEL=info\n".write(
        toFile: path, atomically: false, encoding: .utf8)
      paths.append(path)
    }
    var policy = KeyPolicy()
    policy.graceMs = graceMs
    var configured = ConfiguredKey(
      name: "demo", provider: "aitbc", base: server?.base ?? "http://service.test", keyID: id,
      environment: "production",
      tenant: "demo", variable: "KEY", files: paths, policy: policy)
    if style == .readable {
      // Whoever may read a key again is somebody else: the old key is dead by then.
      try "TOKEN=\(FakeService.adminToken)\n".write(toFile: root + "/admin.env", atomically: false, encoding: .utf8)
      configured.service = World.adminSettings(root)
    }
    key = configured
  }

  /// The world of another process, whose folder and service are there already.
  init(
    of root: String, base: String, keyID: String, _ style: FakeService.Style, files: Int,
    change: (inout Provider) -> Void
  ) throws {
    self.root = root
    service = FakeService(style: style, clock: clock)
    (server, carrier, isOwner, oldValue) = (
      nil, CurlTransport(policy: EgressPolicy(internalBases: [base])), false, ""
    )
    var described = try World.provider(style)
    change(&described)
    provider = described
    var policy = KeyPolicy()
    policy.graceMs = 3_600_000
    var configured = ConfiguredKey(
      name: "demo", provider: "aitbc", base: base, keyID: keyID, environment: "production", tenant: "demo",
      variable: "KEY", files: (0..<files).map { "\(root)/app\($0).env" }, policy: policy)
    configured.service = style == .readable ? World.adminSettings(root) : nil
    key = configured
  }

  private static func adminSettings(_ root: String) -> ServiceSettings {
    var service = ServiceSettings()
    service.admin = AdminCredential(user: "root", file: root + "/admin.env", variable: "TOKEN")
    return service
  }

  deinit { if isOwner { try? FileManager.default.removeItem(atPath: root) } }

  static func provider(_ style: FakeService.Style) throws -> Provider {
    let rules = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Rules/aitbc.toml")
    var provider = try ProviderFile.parse(Array(try Data(contentsOf: rules)), name: "aitbc.toml")
    provider.management?.requestsPerMinute = [:]
    switch style {
    case .grace: break
    case .create: provider.management?.recoverability = .createDelete
    case .replace: provider.management?.recoverability = .replaceOnce
    case .readable:
      provider.management?.recoverability = .replaceReadable
      provider.management?.read = CallTemplate(
        method: "GET", url: "{base}/v1/api-keys/{key_id}",
        headers: [HeaderTemplate(name: "X-API-Key", value: "{secret}")],
        fields: ["secret": "/api_key", "key_id": "/key_id"])
    case .slots:
      provider.management?.recoverability = .twoSlots
      provider.management?.create?.url = "{base}/v1/slots/{idle}"
      provider.management?.create?.body = nil
      provider.management?.revoke?.url = "{base}/v1/slots/{key_id}"
    case .chosen, .chosenBeside:
      provider.management?.recoverability = .callerChosen
      let call = CallTemplate(
        method: "PUT", url: "{base}/v1/secret",
        headers: [
          HeaderTemplate(name: "X-API-Key", value: "{secret}"),
          HeaderTemplate(name: "Content-Type", value: "application/json"),
        ], body: #"{"value":"{new_secret}"}"#)
      provider.management?.regenerate = call
      provider.management?.revoke = nil
      if style == .chosenBeside {
        var end = call
        (end.method, end.body, end.success) = ("DELETE", #"{"value":"{ended_secret}"}"#, [204])
        provider.management?.revoke = end
      }
    }
    return provider
  }

  func ledger() throws -> Ledger { try Ledger(directory: root + "/state") }

  /// A new process: its own ledger connection, its own client.
  func rotator(
    files: EnvPolicy = EnvPolicy(), interrupted: @escaping @Sendable () -> Bool = { false },
    hook: @escaping @Sendable ([String]) -> HookEnd = { _ in HookEnd() },
    deliver: @escaping @Sendable (Delivery) -> DeliveryEnd = { _ in .delivered }, person: (any Person)? = nil,
    provider other: Provider? = nil, leases: LeaseTable? = nil, state: String = "state"
  ) throws -> Rotator {
    let (clock, provider) = (clock, other ?? provider)
    let transport: any HTTPTransport = carrier ?? service
    let base = key.base
    return Rotator(
      RotationServices(
        ledger: try Ledger(directory: root + "/" + state), leases: leases, clock: clock,
        session: { id, named, _ in
          id == "aitbc" && named == base
            ? ProviderSession(
              provider: provider, client: ProviderClient(provider: provider, transport: transport, clock: clock)) : nil
        }, actor: "test", files: files, runHook: { command, _, _ in hook(command) }, deliver: deliver, person: person,
        checkpoint: { [self] name in try reach(name) }, isInterrupted: interrupted))
  }

  /// Whoever plans: nothing is to come of it.
  func planner(ledger: Ledger?) throws -> RotationPlanner {
    let (service, clock, provider) = (service, clock, provider)
    return RotationPlanner(
      ledger: ledger,
      session: { _, _, _ in
        ProviderSession(
          provider: provider, client: ProviderClient(provider: provider, transport: service, clock: clock))
      })
  }

  private func reach(_ name: String) throws {
    try calls.withLock { calls in
      calls.count += 1
      calls.names.append(name)
      if calls.count == calls.killAt { throw Killed() }
      if name == calls.failAt {
        calls.failAt = nil
        throw LedgerError(.unusable, "the disk is full")
      }
    }
  }

  /// The process will die at the checkpoint of that number, counted from now; nil lets it live.
  func killAt(_ number: Int?) {
    calls.withLock { calls in
      calls.count = 0
      calls.names = []
      calls.killAt = number
    }
  }

  /// The ledger will fail once, at the checkpoint of that name.
  func failAt(_ name: String) { calls.withLock { $0.failAt = name } }

  var checkpoints: [String] { calls.withLock(\.names) }

  /// The value in a file, read without our own reader.
  func value(_ index: Int = 0) throws -> String {
    let text = try String(contentsOfFile: key.files[index], encoding: .utf8)
    let parts = text.components(separatedBy: "\"")
    return parts.count > 1 ? parts[1] : text
  }

  /// `keywright resume`, as often as an operator may run it, until the rotation ends or waits for a person.
  func resume(times: Int = 4, person: (any Person)? = nil) throws -> RotationReport? {
    var report: RotationReport?
    for _ in 0..<times {
      let rotator = try rotator(person: person)
      guard let open = try ledger().openRotations().first else { return report }
      let next = try rotator.resume(open)
      report = next
      if [.done, .notExecuted, .rolledBack, .human].contains(next.outcome) { return report }
      clock.advance(milliseconds: 10_000)
    }
    return report
  }

  /// What must hold at every end that needs no person.
  func checkEnd(_ report: RotationReport?, _ comment: Comment) throws {
    let value = try value()
    for index in key.files.indices { #expect(try self.value(index) == value, comment) }
    #expect(service.isLive(value), comment)
    let asked = try ledger().rotations().first?.attempt ?? 0
    #expect(service.mutations <= max(asked, 1) && asked <= 4, comment)
    #expect(try ledger().openRotations().isEmpty, comment)
    // No working key of ours but the one in the files: neither the old one nor an orphan.
    checkNoOtherKey(value, comment)
    for file in key.files {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      #expect(text == "# settings\nexport KEY=\"\(value)\" # the key\nLEVEL=info\n", comment)
    }
    try checkNoLeaks(comment)
  }

  /// Of two slots, the other one always holds a value; but it is none that a file ever held.
  func checkNoOtherKey(_ value: String, _ comment: Comment) {
    let live = service.liveKeys.map(\.value)
    if service.style == .slots {
      #expect(live.count == 2 && live.contains(value), comment)
      #expect(value == oldValue || !live.contains(oldValue), comment)
    } else {
      #expect(live == [value], comment)
    }
  }

  /// No value outside the environment files, and no temporary file left.
  ///
  /// - Parameter allowsRehearsals: whether what a crash left of a rehearsal may still be there: it holds no value, and goes
  ///   when it is old.
  func checkNoLeaks(_ comment: Comment, allowsRehearsals: Bool = false) throws {
    let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    for name in names {
      #expect(!name.contains(".keywright-") || allowsRehearsals && name.contains(".keywright-probe-"), comment)
      guard !name.hasSuffix(".env"), let data = FileManager.default.contents(atPath: root + "/" + name) else {
        continue
      }
      for value in service.values {
        #expect(data.range(of: Data(value.utf8)) == nil, "\(name) holds a value: \(comment)")
      }
    }
  }
}
