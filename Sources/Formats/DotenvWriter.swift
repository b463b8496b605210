// Ways to write a value. Which of them is right is not decided here but by reading the result back.

public import Secrets

extension Dotenv {
  /// Tokens that may stand for a value, quotes included, the best first: the quotes that are there now if they will do,
  /// then the narrowest. The caller keeps the first that every reader takes for the value, and wipes them all.
  ///
  /// A value outside the portable alphabet (`A-Z a-z 0-9 _ . / + = : @ % , -`) that stands without quotes gets single
  /// quotes before it is tried without.
  public static func tokens(for value: Secret, quoting: SettingQuoting) -> [[UInt8]] {
    value.withBytes { bytes in
      let isPortable = isPortable(bytes)
      var order: [SettingQuoting] = [quoting]
      if quoting == .none && !isPortable { order = [.single] }
      for other in [SettingQuoting.single, .double, .none] where !order.contains(other) { order.append(other) }
      return order.flatMap { render(bytes, $0) }
    }
  }

  /// Whether every reader of environment files takes the bytes for themselves without quotes.
  public static func isPortable(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count > 0 else { return false }
    for offset in bytes.indices {
      switch bytes[offset] {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: continue
      default:
        if ![0x5f, 0x2e, 0x2f, 0x2b, 0x3d, 0x3a, 0x40, 0x25, 0x2c, 0x2d].contains(bytes[offset]) { return false }
      }
    }
    return true
  }

  private static func render(_ bytes: Span<UInt8>, _ quoting: SettingQuoting) -> [[UInt8]] {
    switch quoting {
    case .none: [wrapped(bytes, nil, escaping: [])]
    case .single: [wrapped(bytes, 0x27, escaping: [])]
    case .backtick: [wrapped(bytes, 0x60, escaping: [])]
    case .double:
      // Readers differ on `$` and the backtick; where there is nothing to escape, all three are the same.
      [
        wrapped(bytes, 0x22, escaping: []), wrapped(bytes, 0x22, escaping: [0x22, 0x5c]),
        wrapped(bytes, 0x22, escaping: [0x22, 0x5c, 0x24, 0x60]),
      ]
    }
  }

  private static func wrapped(_ bytes: Span<UInt8>, _ quote: UInt8?, escaping: [UInt8]) -> [UInt8] {
    var token: [UInt8] = []
    token.reserveCapacity(bytes.count * 2 + 2)
    if let quote { token.append(quote) }
    for offset in bytes.indices {
      if escaping.contains(bytes[offset]) { token.append(0x5c) }
      token.append(bytes[offset])
    }
    if let quote { token.append(quote) }
    return token
  }
}
