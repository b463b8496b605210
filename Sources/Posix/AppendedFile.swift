// Adding to the end of a file that somebody else owns, such as the summary of a CI step.

internal import Glibc

extension Files {
  /// Adds bytes to the end of a file, which is made if it is missing. Its owner and its mode stay as they are.
  public static func append(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
    let number = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o644)
    guard number >= 0 else { throw .current("open", path) }
    try Descriptor(number).write(bytes.span, path)
  }
}
