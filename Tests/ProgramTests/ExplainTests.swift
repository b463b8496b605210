// keywright explain, on what scan found.

import Foundation
import Testing

@Suite struct ExplainTests {
  @Test func evidenceIsNamedAndNoValueIsShown() throws {
    let sandbox = try Sandbox()
    let password = sandbox.keep("q" + String(UUID().uuidString.replacing("-", with: "").prefix(17)) + "Zx")
    let key = sandbox.keep(SampleKey.aitbc())
    let repository = try sandbox.repository()
    try sandbox.commit("DB_PASSWORD=\(password)\nK=\(key)\n", to: "app.env", in: repository)
    let report = sandbox.root + "/report.json"
    try sandbox.keywright("scan", repository, "--output", report)
    let findings = try #require(try sandbox.json(report)["findings"] as? [[String: Any]])
    #expect(findings.count == 2)
    for finding in findings {
      let fingerprint = try #require(finding["fingerprint"] as? String)
      let outcome = try sandbox.keywright("explain", report, String(fingerprint.prefix(12)))
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("flagged because"))
      if finding["rule"] as? String == "aitbc-api-key" {
        #expect(outcome.output.contains("checked by its crc32-base62"))
      } else {
        #expect(outcome.output.contains("evidence") || outcome.errors.contains("grammar"))
      }
    }
    let absent = try sandbox.keywright("explain", report, "ffffffffffffffff0")
    #expect(absent.status == 2)
    #expect(absent.errors.contains("hint:"))
  }
}
