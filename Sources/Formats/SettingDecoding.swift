// What stands between a value's quotes, turned into the value: each reader has escapes of its own.

enum SettingDecoding: Sendable, Equatable {
  /// As it stands.
  case verbatim
  /// `\n` is a line feed; nothing else is an escape.
  case lineFeed
  /// python-dotenv between double quotes.
  case pythonDouble
  /// python-dotenv between single quotes: `\\` and `\'`.
  case pythonSingle
  /// Compose between double quotes, as far as its versions agree.
  case composeDouble
  /// A shell, and systemd, between double quotes: `\"`, `\\`, `\$`, `` \` ``; a backslash at the end joins lines.
  case shellDouble
  /// systemd without quotes: a backslash takes the next byte as it is; at the end of a line it joins lines.
  case systemdBare

  /// The value of the bytes in `range`.
  func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var result: [UInt8] = []
    // One reservation: growing would leave unwiped copies of a value behind. No escape stands for more than itself.
    result.reserveCapacity(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      let byte = bytes[at]
      at += 1
      guard byte == 0x5c, self != .verbatim, at < range.upperBound else {
        result.append(byte)
        continue
      }
      switch meaning(of: bytes[at]) {
      case .byte(let decoded): result.append(decoded)
      case .nothing: break
      case .itself:
        // What follows is looked at again: for Node, `\\n` is a backslash and a line feed.
        result.append(byte)
        continue
      }
      at += 1
    }
    return result
  }

  private enum Meaning {
    case byte(UInt8)
    case nothing
    case itself
  }

  private func meaning(of letter: UInt8) -> Meaning {
    switch self {
    case .verbatim: .itself
    case .lineFeed: letter == 0x6e ? .byte(0x0a) : .itself
    case .pythonSingle: letter == 0x5c || letter == 0x27 ? .byte(letter) : .itself
    case .pythonDouble:
      SettingDecoding.control(letter) ?? (SettingDecoding.isQuoteOrBackslash(letter) ? .byte(letter) : .itself)
    case .composeDouble:
      SettingDecoding.control(letter) ?? ([0x22, 0x5c, 0x24].contains(letter) ? .byte(letter) : .itself)
    case .shellDouble: letter == 0x0a ? .nothing : [0x22, 0x5c, 0x24, 0x60].contains(letter) ? .byte(letter) : .itself
    case .systemdBare: letter == 0x0a ? .nothing : .byte(letter)
    }
  }

  private static func isQuoteOrBackslash(_ letter: UInt8) -> Bool { [0x22, 0x27, 0x5c].contains(letter) }

  private static func control(_ letter: UInt8) -> Meaning? {
    switch letter {
    case 0x61: .byte(0x07)
    case 0x62: .byte(0x08)
    case 0x66: .byte(0x0c)
    case 0x6e: .byte(0x0a)
    case 0x72: .byte(0x0d)
    case 0x74: .byte(0x09)
    case 0x76: .byte(0x0b)
    default: nil
    }
  }
}
