// The one error of system calls: what was tried, on which path, and why it failed. Never what a file holds.

internal import Glibc

/// A system call that failed.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was tried, such as `open`.
  public let operation: String
  /// On what; as given, so it may be empty.
  public let path: String
  /// The value of errno.
  public let code: Int32
  private let explanation: String?

  /// An error as given; `explanation` takes the place of the system's words for `code`.
  public init(_ operation: String, _ path: String, code: Int32, explanation: String? = nil) {
    self.operation = operation
    self.path = path
    self.code = code
    self.explanation = explanation
  }

  /// The error that errno names now.
  static func current(_ operation: String, _ path: String) -> SystemError {
    SystemError(operation, path, code: errno)
  }

  /// The reason alone, in lower case: `no such file or directory`.
  public var reason: String {
    if let explanation { return explanation }
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    let words = unsafe String(cString: text)
    return words.prefix(1).lowercased() + words.dropFirst()
  }

  /// `open /path: no such file or directory`; control characters in the path are replaced.
  public var description: String {
    let shown = String(
      String.UnicodeScalarView(path.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    return shown.isEmpty ? "\(operation): \(reason)" : "\(operation) \(shown): \(reason)"
  }

  /// The code of what is larger than a limit (EFBIG).
  public static let tooLarge: Int32 = EFBIG
  /// Whether the file, or a directory on the way to it, does not exist.
  public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  /// Whether whoever read the other end of a pipe is gone.
  public var isClosedPipe: Bool { code == EPIPE }
  /// Whether permissions, an immutable flag or a read-only file system stand in the way.
  public var isDenied: Bool { code == EACCES || code == EPERM || code == EROFS }
}
