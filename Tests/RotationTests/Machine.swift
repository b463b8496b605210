// One machine that rotates a key of a real service: files, a ledger, real time, and processes that may die at any journal
// step.

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

/// Real time in which nobody waits long.
struct HastyClock: WallClock {
  func now() -> Int64 { SystemClock().now() }
  func monotonic() -> Int64 { SystemClock().monotonic() }
  func sleep(milliseconds: Int64) { SystemClock().sleep(milliseconds: min(milliseconds, 20)) }
}

final class Machine: Sendable {
  let root: String
  let key: ConfiguredKey
  let provider: Provider
  let person: (any Person)?
  private let transport: any HTTPTransport
  private let open: (@Sendable (Provider, ServiceSettings?) -> any KeyService)?
  private let looks = Mutex<[String: @Sendable () -> Void]>([:])
  private let steps = Mutex<(count: Int, names: [String], killAt: Int?)>((0, [], nil))

  /// A machine with these files, whose `KEY` or URL holds the value.
  init(
    _ providerID: String, _ service: ServiceSettings?, files: [(name: String, text: String)], variable: String = "KEY",
    transport: any HTTPTransport = CurlTransport(), person: (any Person)? = nil,
    open: (@Sendable (Provider, ServiceSettings?) -> any KeyService)? = nil,
    adapt: (inout Provider) -> Void = { _ in }, change: (inout ConfiguredKey) -> Void = { _ in }
  ) throws {
    let parent = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/keywright-machine-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for file in files {
      try file.text.write(toFile: root + "/" + file.name, atomically: false, encoding: .utf8)
    }
    var described = try Machine.provider(providerID)
    adapt(&described)
    provider = described
    var policy = KeyPolicy()
    policy.settleMs = 4_000
    policy.proofs = 2
    var key = ConfiguredKey(
      name: "demo", provider: providerID, variable: variable, files: files.map { [root] in "\(root)/\($0.name)" },
      policy: policy)
    key.service = service
    change(&key)
    self.key = key
    self.transport = transport
    self.open = open
    self.person = person
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  static func provider(_ id: String) throws -> Provider {
    let rules = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Rules/\(id).toml")
    return try ProviderFile.parse(Array(try Data(contentsOf: rules)), name: "\(id).toml")
  }

  func ledger() throws -> Ledger { try Ledger(directory: root + "/state") }

  static func runner(
    _ command: [String], _ variables: [String: String], _ timeoutMs: Int64, _ input: Secret
  ) throws(SystemError) -> Completion {
    let spawn = Spawn(
      command[0], Array(command.dropFirst()), environment: ["PATH": "/usr/bin:/bin"].merging(variables) { $1 },
      timeoutMilliseconds: timeoutMs)
    return try input.withBytes { (bytes) throws(SystemError) in try spawn.run(input: bytes) }
  }

  /// Does something when a journal step is reached.
  func at(_ step: String, _ body: @escaping @Sendable () -> Void) { looks.withLock { $0[step] = body } }

  func session(_ service: ServiceSettings?) -> ProviderSession {
    if let open { return ProviderSession(provider: provider, client: open(provider, service)) }
    let opened = KeyServices.open(
      provider, service, KeyServiceTools(transport: transport, clock: HastyClock(), run: Machine.runner))
    return ProviderSession(provider: opened.provider, client: opened.service)
  }

  /// A new process.
  func rotator() throws -> Rotator {
    Rotator(
      RotationServices(
        ledger: try ledger(), clock: HastyClock(), session: { [self] _, _, service in session(service) }, actor: "test",
        person: person,
        checkpoint: { [self] name in
          looks.withLock { $0[name] }?()
          try steps.withLock { steps in
            steps.count += 1
            steps.names.append(name)
            if steps.count == steps.killAt { throw Killed() }
          }
        }))
  }

  func killAt(_ number: Int?) { steps.withLock { $0 = (0, [], number) } }
  var checkpoints: [String] { steps.withLock(\.names) }

  /// Resumes until the rotation ends or waits for a person.
  func resume() throws -> RotationReport? {
    var report: RotationReport?
    for _ in 0..<3 {
      guard let open = try ledger().openRotations().first else { break }
      report = try rotator().resume(open)
    }
    return report
  }

  func text(_ index: Int = 0) throws -> String { try String(contentsOfFile: key.files[index], encoding: .utf8) }

  /// What follows `KEY=` in a file.
  func value(_ index: Int = 0) throws -> String {
    let line = try text(index).split(separator: "\n").first { $0.contains("KEY=") } ?? ""
    return line.components(separatedBy: "KEY=").dropFirst().joined(separator: "KEY=")
  }

  /// Rotates again and again, killed at each of the steps that a whole run passes, and resumes.
  ///
  /// - Parameter check: looks at the machine after each; the value before, and the step.
  func killAtEveryStep(_ check: (_ before: String, _ step: String) throws -> Void) throws {
    killAt(nil)
    let first = try rotator().rotate(key, reason: "manual")
    try #require(first.outcome == .done, "\(first.reason ?? "")")
    let names = checkpoints
    for number in 1...names.count {
      let before = try value()
      killAt(number)
      #expect(throws: Killed.self) { _ = try rotator().rotate(key, reason: "manual") }
      killAt(nil)
      let report = try resume()
      #expect(
        report.map { [.done, .notExecuted].contains($0.outcome) } ?? true,
        "\(names[number - 1]): \(report?.outcome.rawValue ?? "-") \(report?.reason ?? "")")
      #expect(try ledger().openRotations().isEmpty)
      try check(before, names[number - 1])
      try checkNoLeaks([before, try value()])
    }
  }

  /// No value outside the files.
  func checkNoLeaks(_ values: [String]) throws {
    for name in FileManager.default.enumerator(atPath: root)?.compactMap({ $0 as? String }) ?? [] {
      let path = root + "/" + name
      guard !key.files.contains(path), path != key.service?.admin?.file,
        let data = FileManager.default.contents(atPath: path)
      else { continue }
      for value in values { #expect(data.range(of: Data(value.utf8)) == nil, "\(name) holds a value") }
    }
  }
}
