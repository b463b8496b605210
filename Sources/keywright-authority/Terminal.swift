// What the program says: data on stdout, everything for people on stderr.

internal import Foundation

enum Terminal {
  /// Data. A closed pipe is not an error.
  static func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }

  /// A line for people, written at once and whole.
  static func note(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8)) }

  /// What is wrong, and what to do about it.
  static func complain(_ message: String, hint: String?) {
    note("keywright-authority: \(message)" + (hint.map { "\nhint: \($0)" } ?? ""))
  }

  /// JSON on one line.
  static func write(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
  }
}
