// When a key was last used, in the words of services: understood, or said to be not understood; never taken for "never".

import Foundation
import Model
import Posix
import RuleBook
import Secrets
import Testing
import Transport

@testable import Providers

@Suite struct LastUseTests {
  @Test(arguments: [
    ("2026-11-24T05:48:12Z", 1_795_499_292_000), ("2026-11-24T05:48:12.5Z", 1_795_499_292_500),
    ("2026-11-24T05:48:12.123456789Z", 1_795_499_292_123), ("2026-11-24T06:48:12+01:00", 1_795_499_292_000),
    ("2026-11-24T06:48:12.000+0100", 1_795_499_292_000), ("2026-11-24 05:48:12", 1_795_499_292_000),
    ("2026-11-24 05:48:12 UTC", 1_795_499_292_000), ("1795499292", 1_795_499_292_000),
    ("1795499292123", 1_795_499_292_123), ("2026-11-24", 1_795_564_799_000),
    (" 2026-11-24T05:48:12Z\n", 1_795_499_292_000),
  ])
  func momentsAreUnderstood(_ text: String, _ milliseconds: Int64) throws {
    #expect(try ServiceTime.milliseconds(text) == milliseconds)
  }

  @Test(arguments: [nil, "", "N/A", "never", "Never", "null", "0"])
  func neverIsNever(_ text: String?) throws { #expect(try ServiceTime.milliseconds(text) == nil) }

  @Test(arguments: [
    "yesterday", "2026-13-24T05:48:12Z", "24/11/2026", "2026-11-24T", "-5", "2026-11-24T05:48:12.Z.Z",
    String(repeating: "9", count: 40), "2026-11-24T05:48:12+1", "\u{0}",
  ])
  func whatIsNotUnderstoodIsAnError(_ text: String) {
    #expect(throws: ProviderError.self) { try ServiceTime.milliseconds(text) }
  }

  /// Whatever a service writes there, nothing traps.
  @Test func anyTextIsAnswered() {
    var random = SystemRandomNumberGenerator()
    let signs = Array("0123456789-:.TZ +,éx\0")
    for _ in 0..<5_000 {
      let text = String(
        (0..<Int.random(in: 0...30, using: &random)).map { _ in signs.randomElement(using: &random) ?? "x" })
      _ = try? ServiceTime.milliseconds(text)
    }
  }
}
