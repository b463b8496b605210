// Rotation of an access key against moto's imitation of IAM and STS, which checks signatures.

import Foundation
import Model
import Posix
import Providers
import RuleBook
import Secrets
import Testing
import Transport

@testable import Rotation

/// An imitation of Amazon of its own.
struct MotoPeer: Sendable {
  let peer: Peer
  let port: Int
  var base: String { "http://127.0.0.1:\(port)" }

  static let program: String? = {
    let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/moto_server" }
    // Where `.ci/setup` puts it.
    let ours = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appending(path: ".build/moto/bin/moto_server").path
    return (paths + [ours]).first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }()
  static let isThere = program != nil

  init() throws {
    let root = try Peer.folder("moto")
    port = try Peer.freePort()
    peer = try Peer(
      [MotoPeer.program ?? "", "-H", "127.0.0.1", "-p", "\(port)"],
      ["HOME": root, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"], root: root, asOurselves: true)
    try peer.await(seconds: 60, "moto") { _ = try Peer.run(["/usr/bin/curl", "-sf", "\(base)/moto-api/"]) }
  }

  /// Asks IAM without a key, before keys are checked.
  private func ask(_ form: String) throws -> String {
    try Peer.run(
      [
        "/usr/bin/curl", "-sf", "-H",
        "Authorization: AWS4-HMAC-SHA256 Credential=setup/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0",
        "-d", form + "&Version=2010-05-08", base + "/",
      ])
  }

  private func field(_ name: String, _ text: String) -> String {
    text.components(separatedBy: "<\(name)>").dropFirst().first?.components(separatedBy: "</\(name)>").first ?? ""
  }

  /// A user that may manage its own keys, and a key of it.
  func makeUser(_ name: String) throws -> (id: String, secret: String) {
    _ = try ask("Action=CreateUser&UserName=\(name)")
    let policy = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#
    _ = try ask(
      "Action=PutUserPolicy&UserName=\(name)&PolicyName=own&PolicyDocument="
        + (policy.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""))
    return try makeKey(name)
  }

  func makeKey(_ name: String) throws -> (id: String, secret: String) {
    let key = try ask("Action=CreateAccessKey&UserName=\(name)")
    return (field("AccessKeyId", key), field("SecretAccessKey", key))
  }

  /// From now on only keys that exist are let in.
  func lock() throws {
    try Peer.run([
      "/usr/bin/curl", "-sf", "-X", "POST", "-H", "Content-Type: text/plain", "-d", "0", base + "/moto-api/reset-auth",
    ])
  }
}

/// Loses answers.
private struct Detour: HTTPTransport {
  let base: String
  /// The number of the key-making answer that is lost, counted from 1; nil for none.
  let losing: Counter?

  func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
    let isMaking =
      request.body.map { String(decoding: $0.copyBytes(), as: UTF8.self).contains("CreateAccessKey") } ?? false
    let response = try CurlTransport(policy: EgressPolicy(internalBases: [base])).send(request)
    if isMaking, losing?.next() == 0 { throw TransportError(fate: .unknown, reason: "the connection was closed") }
    return response
  }
}

@Suite(.enabled(if: MotoPeer.isThere, "moto_server is not installed"), .timeLimit(.minutes(20)))
struct AWSTests {
  private func machine(_ moto: MotoPeer, _ key: (id: String, secret: String), losing: Counter? = nil) throws -> Machine
  {
    try Machine(
      "aws", nil,
      files: [
        ("app.env", "export AWS_ACCESS_KEY_ID=\(key.id)\nKEY=\(key.secret)\n"),
        ("web.env", "KEY='\(key.secret)'\nAWS_ACCESS_KEY_ID='\(key.id)'\nREGION=eu-west-1\n"),
      ], transport: Detour(base: moto.base, losing: losing), adapt: { Self.lead(&$0, to: moto.base) },
      change: { $0.idVariable = "AWS_ACCESS_KEY_ID" })
  }

  /// Amazon's addresses, led to the imitation: the host is a part of what is signed.
  private static func lead(_ provider: inout Provider, to base: String) {
    for path in [
      \Management.verify, \Management.list, \Management.create, \Management.disable, \Management.revoke,
      \Management.lastUsed,
    ] {
      guard let call = provider.management?[keyPath: path], let end = call.url.lastIndex(of: "/") else { continue }
      provider.management?[keyPath: path]?.url = base + call.url[end...]
    }
  }

  private func id(_ machine: Machine) throws -> String {
    try machine.text(0).components(separatedBy: "KEY_ID=").dropFirst().first?.components(separatedBy: "\n").first ?? ""
  }

  private func works(_ machine: Machine, _ id: String, _ secret: String) -> Liveness {
    machine.session(nil).client.probe(Secret(secret), CallContext(keyID: id)).liveness
  }

  @Test(arguments: [false, true])
  func rotatesThePair(_ losesTheFirstAnswer: Bool) throws {
    let moto = try MotoPeer()
    let key = try moto.makeUser("shop")
    try moto.lock()
    let machine = try machine(moto, key, losing: losesTheFirstAnswer ? Counter() : nil)
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    try #require(report.outcome == .done, "\(report.reason ?? "") \(moto.peer.log.suffix(1_500))")
    #expect(report.orphans.count == (losesTheFirstAnswer ? 1 : 0))
    let new = try secret(machine)
    let newID = try id(machine)
    #expect(newID != key.id && newID == report.newKeyID && new != key.secret)
    #expect(
      try machine.text(1) == "KEY='\(new)'\nAWS_ACCESS_KEY_ID='\(newID)'\nREGION=eu-west-1\n")
    #expect(works(machine, newID, new) == .live)
    #expect(works(machine, key.id, key.secret) == .dead)
    #expect(report.identityCompared == true)
    try machine.checkNoLeaks([key.secret, new])
  }

  private func secret(_ machine: Machine) throws -> String {
    try machine.text(0).components(separatedBy: "\nKEY=").dropFirst().first?.components(separatedBy: "\n").first ?? ""
  }

  @Test func theLimitOfTwoIsSeenBeforeAnythingIsDone() throws {
    let moto = try MotoPeer()
    let key = try moto.makeUser("full")
    let other = try moto.makeKey("full")
    try moto.lock()
    let machine = try machine(moto, key)
    let refusal = #expect(throws: RotationRefusal.self) { try machine.rotator().rotate(machine.key, reason: "manual") }
    #expect(refusal?.reason.contains("allows 2 keys and there are 2") == true, "\(refusal?.reason ?? "")")
    #expect(refusal?.hint?.contains(other.id) == true)
    #expect(works(machine, other.id, other.secret) == .live)
  }

  /// The key that nobody has used, by IAM's own account; what this audit asks is no use.
  @Test func anUnusedKeyIsFound() throws {
    let moto = try MotoPeer()
    let key = try moto.makeUser("idle")
    try moto.lock()
    let machine = try machine(moto, key)
    var configured = machine.key
    configured.keyID = key.id
    let day: Int64 = 86_400_000
    let configuration = Configuration(path: "/c", keys: [configured])
    func audit(_ days: Int64, unused: Int64 = 90, mustTell: Bool = false) throws -> (
      kinds: [KeyRemark], unasked: [UnaskedService]
    ) {
      let found = try KeyAudit.askServices(
        configuration, machine.ledger(), nowMs: SystemClock().now() + days * day, unusedMs: unused * day,
        mustTell: mustTell, session: { _, _, service in machine.session(service) })
      return (found.remarks, found.unasked)
    }
    // Used just now, if only by us: nobody can tell yet, so nothing is said.
    #expect(try audit(0).kinds.isEmpty)
    let later = try audit(91, mustTell: true)
    #expect(later.kinds.map(\.kind) == [.unused] && later.unasked.isEmpty, "\(later)")
    #expect(later.kinds[0].text.contains("91d ago"), "\(later.kinds[0].text)")
    #expect(try audit(89).kinds.isEmpty)
    let use = try machine.session(nil).client.lastUse(authorization: Secret(key.secret), CallContext(keyID: key.id))
    #expect(use.isThere && abs((use.timeMs ?? 0) - SystemClock().now()) < 120_000 && use.by == "iam", "\(use)")
  }

  @Test func killedAtEveryStep() throws {
    let moto = try MotoPeer()
    let key = try moto.makeUser("killed")
    try moto.lock()
    let machine = try machine(moto, key)
    machine.killAt(nil)
    #expect(try machine.rotator().rotate(machine.key, reason: "manual").outcome == .done)
    for number in 1...machine.checkpoints.count {
      let (oldID, old) = (try id(machine), try secret(machine))
      machine.killAt(number)
      #expect(throws: Killed.self) { _ = try machine.rotator().rotate(machine.key, reason: "manual") }
      machine.killAt(nil)
      let report = try machine.resume()
      #expect(report.map { [.done, .notExecuted].contains($0.outcome) } ?? true, "\(number): \(report?.reason ?? "")")
      let (nowID, now) = (try id(machine), try secret(machine))
      #expect(works(machine, nowID, now) == .live, "\(number)")
      if nowID != oldID { #expect(works(machine, oldID, old) == .dead, "\(number)") }
      let listed = try machine.session(nil).client.list(authorization: Secret(now), CallContext(keyID: nowID))
      #expect(listed.map(\.keyID) == [nowID], "\(number)")
    }
  }
}
