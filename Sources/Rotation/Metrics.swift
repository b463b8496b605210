// Numbers for Prometheus' text-file collector. Names, times and states; no fingerprint, no path, no value.

public import Ledger
internal import Posix

/// Metrics in the text format.
public enum RotationMetrics {
  /// The whole file.
  public static func text(_ configuration: Configuration, _ ledger: Ledger, nowMs: Int64) throws(LedgerError) -> String
  {
    let known = Dictionary(try ledger.inventory().map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    let open = Dictionary(try ledger.openRotations().map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    var page = Page()
    page.metric("keywright_key_age_seconds", "Age of the key's current value, as far as keywright knows it.")
    for key in configuration.keys {
      if let since = known[key.name].map({ $0.lastSuccessMs ?? $0.firstSeenMs }) {
        page.sample(key, (nowMs - since) / 1_000)
      }
    }
    page.metric("keywright_key_max_age_seconds", "The age at which the key is due.")
    for key in configuration.keys { if let age = key.policy.maximumAgeMs { page.sample(key, age / 1_000) } }
    page.metric("keywright_last_success_timestamp_seconds", "When a rotation of the key last ended well.")
    for key in configuration.keys { if let time = known[key.name]?.lastSuccessMs { page.sample(key, time / 1_000) } }
    page.metric("keywright_last_attempt_timestamp_seconds", "When a rotation of the key was last begun.")
    for key in configuration.keys { if let time = known[key.name]?.lastAttemptMs { page.sample(key, time / 1_000) } }
    page.metric(
      "keywright_rotation_open_seconds", "How long the key's open rotation has been open; 0 if there is none.")
    for key in configuration.keys { page.sample(key, open[key.name].map { max(0, nowMs - $0.createdMs) / 1_000 } ?? 0) }
    page.metric("keywright_old_key_still_valid", "1 while an old key works although it was revoked.")
    for key in configuration.keys { page.sample(key, open[key.name]?.state == RotationState.oldAlive.rawValue ? 1 : 0) }
    page.metric("keywright_person_needed", "1 while the key's rotation waits for a person.")
    for key in configuration.keys { page.sample(key, open[key.name]?.state == RotationState.human.rawValue ? 1 : 0) }
    page.metric("keywright_outcome_unknown", "1 while it is not known whether a request was carried out.")
    for key in configuration.keys {
      let states = [RotationState.requested.rawValue, RotationState.unknown.rawValue]
      page.sample(key, open[key.name].map { states.contains($0.state) } ?? false ? 1 : 0)
    }
    page.metric("keywright_last_tick_timestamp_seconds", "When keywright last looked at what is due.")
    page.line("keywright_last_tick_timestamp_seconds \(nowMs / 1_000)")
    return page.text
  }

  /// Writes the file beside its old self and renames it, so that the collector never reads a part.
  public static func write(
    _ configuration: Configuration, _ ledger: Ledger, nowMs: Int64
  ) throws {
    guard let path = configuration.metricsPath else { return }
    try Files.replaceAtomically(path, Array(try text(configuration, ledger, nowMs: nowMs).utf8), mode: 0o644)
  }

  private struct Page {
    var text = ""
    private var name = ""

    mutating func metric(_ name: String, _ help: String) {
      self.name = name
      text += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
    }

    mutating func sample(_ key: ConfiguredKey, _ value: Int64) {
      text += "\(name){key=\"\(key.name)\",environment=\"\(Page.escaped(key.environment ?? ""))\"} \(value)\n"
    }

    mutating func line(_ line: String) { text += line + "\n" }

    private static func escaped(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
  }
}
