// Tells an address of trusted configuration that a rotation did not end well: names, states and words, never a value.

internal import Formats
internal import Model
public import Posix
internal import Secrets
public import Transport

/// The notice of a failure, as JSON.
public enum FailureNotice {
  private static let attempts = 3
  private static let pauseMs: Int64 = 1_000

  /// What is sent.
  public static func body(_ report: RotationReport, timeMs: Int64, version: String) -> [UInt8] {
    var writer = JSONWriter(indent: 0)
    writer.object { root in
      root.member("schema") { $0.integer(1) }
      root.member("event") { $0.string("rotation_failed") }
      root.member("tool") { $0.string("keywright \(version)") }
      root.member("time") { $0.string(Timestamp.iso8601(timeMs / 1_000)) }
      root.member("key") { $0.string(report.name) }
      root.member("environment") { $0.string(report.environment) }
      root.member("provider") { $0.string(report.provider) }
      root.member("rotation") { $0.string(report.txid) }
      root.member("cause") { $0.string(report.cause) }
      root.member("outcome") { $0.string(report.outcome.rawValue) }
      root.member("state") { $0.string(report.state.rawValue) }
      root.member("reason") { $0.string(report.reason) }
      root.member("hint") { $0.string(report.hint) }
    }
    return writer.bytes
  }

  /// Posts the notice, and again a few times where it does not arrive: it bears being told twice.
  ///
  /// - Returns: why it did not arrive; nil if the address took it.
  public static func send(
    _ report: RotationReport, to address: String, transport: any HTTPTransport, clock: any WallClock, version: String
  ) -> String? {
    let body = Secret(body(report, timeMs: clock.now(), version: version))
    let request = HTTPRequest(
      method: "POST", url: address, headers: [("Content-Type", SensitiveText("application/json"))], body: body,
      timeoutSeconds: 10, maximumResponseBytes: 64 << 10)
    var failure = ""
    for attempt in 1...attempts {
      do throws(TransportError) {
        let response = try transport.send(request)
        if (200..<300).contains(response.status) { return nil }
        failure = "it answered \(response.status)"
        // What it refuses it will refuse again.
        if (400..<500).contains(response.status) && response.status != 429 { return failure }
      } catch {
        failure = error.reason
      }
      if attempt < attempts { clock.sleep(milliseconds: pauseMs * Int64(attempt)) }
    }
    return failure
  }
}
