// Time, behind a protocol, so that a test can move it.

internal import Foundation

/// Where the service gets the time from.
public protocol AuthorityClock: Sendable {
  /// Milliseconds since the beginning of 1970, UTC.
  func now() -> Int64
}

/// The machine's clock.
public struct SystemClock: AuthorityClock {
  /// A clock without state.
  public init() {}

  /// Milliseconds since the beginning of 1970, UTC.
  public func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}

/// Points in time as the contract writes them.
enum Timestamp {
  /// `2026-05-03T10:00:38Z`: UTC, whole seconds, rounded down.
  static func text(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: (Double(milliseconds) / 1000).rounded(.down)).formatted(.iso8601)
  }
}
