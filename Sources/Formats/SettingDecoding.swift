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
  /// JSON and TOML between quotes, and what YAML shares with them.
  case escapes(Node.Escaping)
  /// YAML between single quotes: `''` is one of them.
  case yamlSingle
  /// Java properties: `\uXXXX` and a few letters; any other byte stands for itself.
  case properties
  /// systemd's units: `%%` is a percent sign.
  case unit
  /// Terraform's strings: a few escapes, `$${` and `%%{`.
  case template
  /// The whole token is base64.
  case base64

  var isBase64: Bool { self == .base64 }

  /// The value of the bytes in `range`.
  func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    switch self {
    case .escapes(let escaping): return Escapes.decode(bytes, range, escaping)
    case .properties: return SettingDecoding.properties(bytes, range)
    case .yamlSingle, .base64, .unit: return whole(bytes, range)
    case .template: return SettingDecoding.template(bytes, range)
    default: break
    }
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

  private static func properties(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      guard bytes[at] == 0x5c, at + 1 < range.upperBound else {
        result.append(bytes[at])
        at += 1
        continue
      }
      guard bytes[at + 1] == 0x75 else {
        let letters: [UInt8: UInt8] = [0x74: 0x09, 0x6e: 0x0a, 0x72: 0x0d, 0x66: 0x0c]
        result.append(letters[bytes[at + 1], default: bytes[at + 1]])
        at += 2
        continue
      }
      // Two of them may be the halves of one character.
      var end = min(at + 6, range.upperBound)
      if end + 6 <= range.upperBound, bytes[end] == 0x5c, bytes[end + 1] == 0x75 { end += 6 }
      result += Escapes.decode(bytes, at..<end, .json)
      at = end
    }
    return result
  }

  private static func template(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      let byte = bytes[at]
      let next = at + 1 < range.upperBound ? bytes[at + 1] : 0
      if byte == 0x5c {
        let letters: [UInt8: UInt8] = [0x74: 0x09, 0x6e: 0x0a, 0x72: 0x0d]
        result.append(letters[next, default: next])
        at += 2
      } else if (byte == 0x24 || byte == 0x25) && next == byte && at + 2 < range.upperBound && bytes[at + 2] == 0x7b {
        result += [byte, 0x7b]
        at += 3
      } else {
        result.append(byte)
        at += 1
      }
    }
    return result
  }

  private func whole(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      text.append(bytes[at])
      let doubled: UInt8? = self == .yamlSingle ? 0x27 : self == .unit ? 0x25 : nil
      let isPair = bytes[at] == doubled && at + 1 < range.upperBound && bytes[at + 1] == doubled
      at += isPair ? 2 : 1
    }
    return isBase64 ? Base64.decode(text) ?? [] : text
  }

  private enum Meaning {
    case byte(UInt8)
    case nothing
    case itself
  }

  private func meaning(of letter: UInt8) -> Meaning {
    switch self {
    case .verbatim, .escapes, .yamlSingle, .properties, .unit, .template, .base64: .itself
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
