// What a YAML scalar without quotes means: text, or something that readers turn into a number, a date or a truth value.

enum YAMLScalar {
  static let notText = "not text; put it in quotes"

  /// Whether readers of YAML 1.1 and 1.2 agree that the scalar is text.
  static func isText(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count > 0 else { return false }
    // A hyphen before anything but a space begins a word, or a negative number.
    if bytes[0] == 0x2d, bytes.count > 1, isWordByte(bytes[1]) { return !isNumber(bytes.extracting(1..<bytes.count)) }
    let indicators = Array("-?:,[]{}#&*!|>'\"%@`=~.+".utf8)
    // A point or a sign may begin a number, the others mean something to YAML.
    if indicators.contains(bytes[0]) { return false }
    return !isWord(bytes) && !isNumber(bytes)
  }

  /// Whether the value may be written without quotes and will be text.
  static func isPlainText(_ bytes: Span<UInt8>) -> Bool {
    Dotenv.isPortable(bytes) && isText(bytes) && bytes[bytes.count - 1] != 0x3a
  }

  private static func isWord(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count <= 5 else { return false }
    var lower: [UInt8] = []
    for index in bytes.indices {
      lower.append((0x41...0x5a).contains(bytes[index]) ? bytes[index] | 0x20 : bytes[index])
    }
    return ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(
      String(decoding: lower, as: UTF8.self))
  }

  private static func isNumber(_ bytes: Span<UInt8>) -> Bool {
    guard isDigit(bytes[0]) else { return false }
    if bytes.count > 2, bytes[0] == 0x30, [0x78, 0x6f, 0x62, 0x58, 0x4f, 0x42].contains(bytes[1]) { return true }
    // Dates begin with the year.
    if bytes.count > 5, bytes[4] == 0x2d, isDigit(bytes[1]), isDigit(bytes[2]), isDigit(bytes[3]), isDigit(bytes[5]) {
      return true
    }
    var exponents = 0
    for index in bytes.indices where !isNumeric(bytes[index]) {
      guard bytes[index] | 0x20 == 0x65 else { return false }
      exponents += 1
    }
    return exponents <= 1
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || [0x5f, 0x2e, 0x3a, 0x2b, 0x2d].contains(byte)
  }
}
