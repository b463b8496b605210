// A provider without a network: answers in the order given, and a clock that nobody waits for.

import Foundation
import Posix
import Providers
import RuleBook
import Secrets
import Synchronization
import Testing
import Transport

/// Hands out the prepared answers and remembers what was sent.
final class ScriptedTransport: HTTPTransport {
  typealias Answer = @Sendable (HTTPRequest) throws(TransportError) -> HTTPResponse
  private let state: Mutex<(answers: [Answer], sent: [HTTPRequest])>

  init(_ answers: Answer...) { state = Mutex((answers, [])) }
  init(_ answers: [Answer]) { state = Mutex((answers, [])) }

  var sent: [HTTPRequest] { state.withLock { $0.sent } }

  func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
    let answer = state.withLock { state in
      state.sent.append(request)
      return state.answers.count > 1 ? state.answers.removeFirst() : state.answers.first
    }
    guard let answer else { throw TransportError(fate: .notSent, reason: "no answer was prepared") }
    return try answer(request)
  }
}

/// An answer of that status and body.
func answer(_ status: Int, _ body: String = "", _ headers: [(name: String, value: String)] = [])
  -> ScriptedTransport.Answer
{
  { _ in HTTPResponse(status: status, headers: headers, body: Secret(body)) }
}

/// No answer.
func breakdown(_ fate: TransportError.Fate) -> ScriptedTransport.Answer {
  { _ throws(TransportError) in throw TransportError(fate: fate, reason: "the line is down") }
}

/// Time that passes only when somebody waits.
final class TestClock: WallClock {
  private let time = Mutex<Int64>(1_800_000_000_000)
  private let waits = Mutex<[Int64]>([])

  /// How long was waited, each time, in milliseconds.
  var slept: [Int64] { waits.withLock { $0 } }

  func now() -> Int64 { time.withLock { $0 } }
  func monotonic() -> Int64 { now() - 1_700_000_000_000 }
  func sleep(milliseconds: Int64) {
    guard milliseconds > 0 else { return }
    waits.withLock { $0.append(milliseconds) }
    time.withLock { $0 += milliseconds }
  }
}

extension HTTPRequest {
  /// A header as it would be sent.
  func sentHeader(_ name: String) -> String? {
    headers.first { $0.name == name }.map { header in
      header.value.pieces.map { piece in
        switch piece {
        case .text(let text): text
        case .secret(let secret): String(decoding: secret.copyBytes(), as: UTF8.self)
        }
      }.joined()
    }
  }

  /// The body as it would be sent.
  var sentBody: String? { body.map { String(decoding: $0.copyBytes(), as: UTF8.self) } }
}

/// The AITBC provider as the repository's own file describes it.
func aitbc() throws -> Provider { try providerFile("aitbc") }

/// A provider as the repository's own file describes it.
func providerFile(_ id: String) throws -> Provider {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let bytes = try Data(contentsOf: root.appending(path: "Rules/\(id).toml"))
  return try ProviderFile.parse(Array(bytes), name: "\(id).toml")
}

/// A value that no output may hold.
func freshKey() -> (secret: Secret, text: String) {
  let text = "key-" + (0..<4).map { _ in String(UInt32.random(in: 0 ... .max), radix: 36) }.joined()
  return (Secret(text), text)
}
