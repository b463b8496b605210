// One line on the terminal that is rewritten while work goes on, and erased when it ends.

internal import Posix
internal import Scanning
internal import Synchronization

final class ProgressLine: Sendable {
  private let shownAt = Mutex<Int64>(0)
  private let began = Mutex<(stage: String, at: Int64)>(("", 0))
  private static let interval: Int64 = 200

  /// Nil when stderr is no terminal.
  init?() {
    guard StandardStream.error.isTerminal else { return nil }
  }

  /// Shows how far the work is, at most five times a second.
  func show(_ progress: ScanProgress) {
    let now = SystemClock().now()
    let due = shownAt.withLock { last in
      guard now - last >= ProgressLine.interval else { return false }
      last = now
      return true
    }
    guard due else { return }
    var text = "\(progress.stage): \(progress.done)"
    if let total = progress.total { text += " of \(total)" }
    text += rate(progress, now)
    StandardStream.error.write(Array("\r\u{1b}[2K\(text)".utf8))
  }

  /// Bytes a second, and the time left at the pace so far, where they can be told.
  private func rate(_ progress: ScanProgress, _ now: Int64) -> String {
    let start = began.withLock { began in
      if began.stage != progress.stage { began = (progress.stage, now) }
      return began.at
    }
    let elapsed = now - start
    guard elapsed >= 1_000 else { return "" }
    var text = ""
    if let bytes = progress.bytes { text += ", \(bytes / 1_000 / elapsed) MB/s" }
    if let total = progress.total, progress.done > 0, total > progress.done {
      let left = Double(elapsed) * Double(total - progress.done) / Double(progress.done) / 1_000
      text += ", \(Int(min(left, 1e6)) + 1) s left"
    }
    return text
  }

  /// Erases the line.
  func clear() {
    if shownAt.withLock({ $0 > 0 }) { StandardStream.error.write(Array("\r\u{1b}[2K".utf8)) }
  }
}
