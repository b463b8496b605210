// One line on the terminal that is rewritten while work goes on, and erased when it ends.

internal import Posix
internal import Scanning
internal import Synchronization

final class ProgressLine: Sendable {
  private let shownAt = Mutex<Int64>(0)
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
    StandardStream.error.write(Array("\r\u{1b}[2K\(text)".utf8))
  }

  /// Erases the line.
  func clear() {
    if shownAt.withLock({ $0 > 0 }) { StandardStream.error.write(Array("\r\u{1b}[2K".utf8)) }
  }
}
